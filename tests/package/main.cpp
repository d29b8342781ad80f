// uses_joulecast MODELS ENGINE: loads models, predicts an engine, prints its run time.
#include <joulecast/cost_model.h>
#include <joulecast/networks.h>
#include <joulecast/prediction.h>

#include <iostream>

int main(int count, char** words) {
  if (count != 3) return 2;
  const auto model = joulecast::load_cost_model(words[1]);
  if (!model) {
    std::cerr << model.error().describe() << "\n";
    return 3;
  }
  const auto network = joulecast::read_engine(words[2]);
  if (!network) {
    std::cerr << network.error().describe() << "\n";
    return 3;
  }
  const auto prediction = joulecast::predict(*network, *model);
  if (!prediction) {
    std::cerr << prediction.error().describe() << "\n";
    return 4;
  }
  std::cout << prediction->network << ": " << prediction->run_time_ms->value << " ms\n";
  return prediction->run_time_ms->value > 0.0 ? 0 : 1;
}
