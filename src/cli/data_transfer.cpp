#include "cli/data_transfer.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/json_text.h"
#include "base/shell_text.h"
#include "cli/table.h"
#include "cli/words.h"

namespace joulecast::cli {
namespace {

constexpr std::size_t kShownFiles = 40;
constexpr double kBytesPerMegabyte = 1e6;

DataHooks data_hooks(Console& console, const std::string& action) {
  DataHooks hooks;
  hooks.progress = [&console, action](std::uint64_t done, std::uint64_t total) {
    console.progress(action, done, total, "MB", kBytesPerMegabyte);
  };
  hooks.on_retry = [&console](const std::string& why, double seconds) {
    console.note(fmt::format("{}: again in {:.1f} s", why, seconds));
  };
  return hooks;
}

std::string files_text(std::uint64_t count) {
  return fmt::format("{} file{}", count_cell(count), count == 1 ? "" : "s");
}

/// Every file that is not the same on both sides, and how many of each kind.
std::string status_table(const DataReport& report, const Console& console, bool all) {
  Table table(
      {{"state", Table::Align::kLeft}, {"bytes"}, {"file", Table::Align::kLeft, Table::Narrow::kShorten}});
  std::size_t shown = 0;
  std::size_t hidden = 0;
  for (const DataFile& file : report.files) {
    if (file.state == DataState::kSame) continue;
    if (!all && shown == kShownFiles) {
      ++hidden;
      continue;
    }
    ++shown;
    table.add({std::string(to_string(file.state)), count_cell(file.bytes), printable(file.path)});
  }
  std::string text = shown == 0 ? std::string() : table.text(console.width(), console.colours());
  if (hidden != 0) text += fmt::format("... and {} more (--verbose lists all)\n", files_text(hidden));
  std::string counts;
  for (int i = 0; i <= static_cast<int>(DataState::kCorrupt); ++i) {
    const auto state = static_cast<DataState>(i);
    if (const std::size_t count = report.count(state); count != 0)
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count_cell(count), to_string(state));
  }
  return text + fmt::format("{}: {}\n", report.remote, counts.empty() ? "no files" : counts);
}

void write_location(JsonWriter& json, const Error& error) {
  json.member("message", error.message).member("hint", error.hint);
  if (!error.location.file.empty()) json.member("file", error.location.file);
}

std::string report_json(const DataArguments& arguments, const DataReport& report) {
  JsonWriter json;
  json.begin_object().member("action", arguments.action).member("remote", report.remote);
  json.member("revision", report.revision)
      .member("path", arguments.path)
      .member("dry_run", arguments.dry_run);
  json.member("moved_files", report.moved_files).member("moved_bytes", report.moved_bytes);
  json.key("files").begin_array();
  for (const DataFile& file : report.files)
    json.begin_object(JsonWriter::kInline)
        .member("path", file.path)
        .member("state", to_string(file.state))
        .member("bytes", file.bytes)
        .end_object();
  json.end_array().member("kept", report.kept).key("faults").begin_array();
  for (const auto& [path, error] : report.faults) {
    json.begin_object(JsonWriter::kInline).member("path", path);
    write_location(json, error);
    json.end_object();
  }
  json.end_array().key("warnings").begin_array(JsonWriter::kInline);
  for (const Warning& warning : report.warnings) json.value(warning.message);
  json.end_array().end_object();
  return json.take();
}

Expected<void> deliver_report(Console& console, const DataArguments& arguments, const DataReport& report) {
  if (arguments.json.empty()) return {};
  const std::string text = report_json(arguments, report);
  if (arguments.json != "-") return write_file_atomically(arguments.json, text);
  console.result(text);
  return {};
}

Expected<DataReport> do_action(const DataArguments& arguments, const DataRequest& request) {
  if (arguments.action == "pull") return pull_data(request);
  if (arguments.action == "push") return push_data(request);
  return arguments.action == "verify" ? verify_data(request) : data_status(request);
}

void tell_what_was_done(Console& console, const CommonOptions& common, const DataArguments& arguments,
                        const DataReport& report) {
  const bool to_stdout = arguments.json == "-";
  const bool only_looks = arguments.action == "status" || arguments.dry_run;
  if (only_looks && !to_stdout) {
    const std::string table = status_table(report, console, common.verbose);
    if (arguments.action == "status")
      console.result(table);
    else
      console.summary(table);
  }
  if (only_looks) return;
  if (arguments.action == "verify") {
    if (report.faults.empty())
      console.note(fmt::format("{}: {} verified", report.remote, files_text(report.files.size())));
    return;
  }
  const std::string moved = fmt::format("{}, {:.1f} MB", files_text(report.moved_files),
                                        static_cast<double>(report.moved_bytes) / kBytesPerMegabyte);
  const std::string same = fmt::format("{} the same before", count_cell(report.count(DataState::kSame)));
  const bool pull = arguments.action == "pull";
  console.note(report.moved_files == 0 && report.faults.empty()
                   ? fmt::format("{}: nothing to {}", report.remote, pull ? "fetch" : "send")
                   : fmt::format("{}: {} {}; {}", report.remote, pull ? "fetched" : "sent", moved, same));
  if (!report.kept.empty())
    console.warning(fmt::format("kept as they are here, though {} differs: {} (--force takes what is there)",
                                report.remote, some_of(report.kept)));
}

}  // namespace

Expected<int> run_data(Console& console, const CommonOptions& common, const DataArguments& arguments) {
  DataRequest request;
  request.remote = arguments.remote;
  request.path = arguments.path;
  request.force = arguments.force;
  request.dry_run = arguments.dry_run;
  request.jobs = common.jobs;
  request.versioning = arguments.versioning;
  request.message = arguments.message;
  request.hooks = data_hooks(console, arguments.action);
  const auto report = do_action(arguments, request);
  console.end_progress();
  if (!report) return tl::unexpected(report.error());
  for (const Warning& warning : report->warnings) console.warning(warning);
  for (const auto& [path, error] : report->faults) console.survived(path, "failed", error);
  tell_what_was_done(console, common, arguments, *report);
  if (auto delivered = deliver_report(console, arguments, *report); !delivered)
    return tl::unexpected(delivered.error());
  if (report->faults.empty()) return 0;
  const bool verify = arguments.action == "verify";
  const std::size_t of = verify ? report->files.size() : report->moved_files + report->faults.size();
  return fail(report->faults.front().second.kind,
              fmt::format("{} of {} {}", count_cell(report->faults.size()), files_text(of),
                          !verify                      ? "could not be brought over"
                          : report->faults.size() == 1 ? "is not as recorded"
                                                       : "are not as recorded"),
              {arguments.path},
              verify ? fmt::format("joulecast data pull --path {} fetches what is missing",
                                   shell_quoted(arguments.path))
                     : "Run the command again: what has arrived is not fetched twice");
}

}  // namespace joulecast::cli
