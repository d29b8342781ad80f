#include "cli/training_figures.h"

#include <atomic>
#include <optional>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/parallel.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFigures = "figures";
constexpr std::string_view kFigureEnding = "_prediction.png";

}  // namespace

void remove_training_figures(Console& console, const fs::path& models) {
  const fs::path folder = models / kFigures;
  std::error_code code;
  std::vector<fs::path> old;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->path().filename().string().ends_with(kFigureEnding)) old.push_back(it->path());
  if (old.empty()) return;
  std::error_code failed;
  for (const fs::path& file : old)
    if (!fs::remove(file, code) && code) failed = code;
  if (failed)
    console.warning({fmt::format("figures of an earlier training cannot be removed: {}", failed.message()),
                     {folder.string()}});
  fs::remove(folder, code);  // if nothing else is in it
}

std::map<std::string, std::vector<RunArtifact>> draw_training_figures(Console& console,
                                                                      const CommonOptions& common,
                                                                      const CostModel& model,
                                                                      const TrainingSet& data,
                                                                      const fs::path& models) {
  remove_training_figures(console, models);
  const auto charts = held_out_charts(model, data);
  std::vector<std::optional<Expected<std::string>>> drawn(charts.size());
  std::atomic<std::size_t> done = 0;
  parallel_for(charts.size(), common.jobs, [&](std::size_t i) {
    drawn[i] = draw_png(charts[i]);
    if (*drawn[i])
      if (auto written = write_file_atomically(models / kFigures / charts[i].file_name, **drawn[i]); !written)
        drawn[i] = tl::unexpected(written.error());
    console.progress("draw", ++done, charts.size(), "figures");
  });
  console.end_progress();
  std::map<std::string, std::vector<RunArtifact>> figures;
  std::optional<Error> fault;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < charts.size(); ++i) {
    if (*drawn[i]) {
      figures[charts[i].model].push_back({charts[i].file_name, std::move(**drawn[i])});
    } else {
      fault = drawn[i]->error();
      ++missing;
    }
  }
  if (fault) console.survived(fmt::format("{} of {} figures", missing, charts.size()), "not drawn", *fault);
  if (missing < charts.size())
    console.note(
        fmt::format("{} figures written to {}", charts.size() - missing, (models / kFigures).string()));
  return figures;
}

}  // namespace joulecast::cli
