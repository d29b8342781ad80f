#include "cost_model/data_hash.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/float_text.h"

namespace joulecast {

std::string hash_of(const TrainingSet& data) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::string line;
  const auto flush = [&] {
    line += '\n';
    EVP_DigestUpdate(context.get(), line.data(), line.size());
    line.clear();
  };
  for (const ReferenceKind kind : kReferenceKinds) {
    std::vector<const ReferenceTable*> tables;
    for (const ReferenceTable& table : data.reference[static_cast<std::size_t>(kind)])
      tables.push_back(&table);
    std::stable_sort(tables.begin(), tables.end(),
                     [](const auto* a, const auto* b) { return a->network < b->network; });
    for (const ReferenceTable* table : tables) {
      line = fmt::format("{} {}", to_string(kind), table->network);
      flush();
      for (const ReferenceRow& row : table->rows) {
        for (const double feature : row.features) {
          append_float(line, feature);
          line += ' ';
        }
        append_float(line, row.power_uw);
        line += ' ';
        append_float(line, row.run_time_ms);
        line += ' ';
        line += row.layer_name;
        flush();
      }
    }
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace joulecast
