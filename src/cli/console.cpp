#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "base/exit_code.h"
#include "cli/words.h"

namespace joulecast::cli {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::chrono::milliseconds kRedrawEvery{100};
constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kLongestName = 72;  // names of layers may have hundreds of characters

bool colours_for(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::strcmp(term, "dumb") != 0);
}

std::string_view word(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return "internal";
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kUnreadable:
      return "unreadable";
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kUnfit:
      return "unfit";
    case ErrorKind::kServer:
      return "server";
    case ErrorKind::kAccessDenied:
      return "access_denied";
    case ErrorKind::kNotWritable:
      return "not_writable";
    case ErrorKind::kInterrupted:
      return "interrupted";
  }
  return "internal";
}

using Json = nlohmann::ordered_json;

// Names of layers and files may hold bytes that are no UTF-8: they are replaced, never a reason to fail.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_location(Json& json, const Location& location) {
  if (!location.file.empty()) json["file"] = location.file;
  if (location.line != 0) json["line"] = location.line;
  if (location.byte) json["byte"] = *location.byte;
}

Json fields_of(const Error& error) {
  Json json;
  json["kind"] = word(error.kind);
  add_location(json, error.location);
  if (!error.hint.empty()) json["hint"] = error.hint;
  json["exit_code"] = exit_code(error.kind);
  return json;
}

// "file:line (byte N): message", the hint goes on a line of its own.
std::string place_and_message(const Error& error) {
  return Error{error.kind, error.message, error.location, {}}.describe();
}

void put(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace

Console::Console(const CommonOptions& options)
    : quiet_(options.quiet),
      verbose_(options.verbose),
      json_(options.log_format == "json"),
      progress_(!options.quiet && (options.progress == "always" ||
                                   (options.progress == "auto" && ::isatty(STDERR_FILENO) != 0))),
      colours_on_stderr_(colours_for(STDERR_FILENO)),
      started_(std::chrono::steady_clock::now()) {}

Console::~Console() {
  end_progress();
}

void Console::line(std::string_view level, std::string_view style, const std::string& text,
                   const std::string& hint, const std::string& json_fields) {
  const std::scoped_lock lock(mutex_);
  erase_progress_line();
  std::fflush(stdout);  // so that tables and messages keep their order where both go to one place
  if (json_) {
    Json json;
    json["level"] = level;
    json["message"] = text;
    if (!json_fields.empty()) json.update(Json::parse(json_fields), false);
    put(stderr, dump(json) + "\n");
    return;
  }
  std::string out = "joulecast: ";
  if (level != "note" && level != "detail")
    out += colours_on_stderr_ ? fmt::format("\033[{}m{}:\033[0m ", style, level) : fmt::format("{}: ", level);
  out += shorten_names(printable(text), kLongestName) + "\n";
  if (!hint.empty()) out += fmt::format("  hint: {}\n", printable(hint));
  put(stderr, out);
}

void Console::error(const Error& error) {
  line("error", "1;31", json_ ? error.message : place_and_message(error), error.hint,
       json_ ? dump(fields_of(error)) : "");
}

void Console::warning(const Warning& warning, std::string_view about) {
  std::string text = warning.message;
  if (!json_) {
    text = Error{ErrorKind::kUnfit, warning.message, warning.location, {}}.describe();
    if (!about.empty() && warning.location.file.empty()) text = fmt::format("{}: {}", about, text);
    if (warning.count > 1) text += fmt::format(" ({} cases)", warning.count);
  }
  Json json;
  add_location(json, warning.location);
  if (!about.empty()) json["about"] = about;
  json["count"] = warning.count;
  line("warning", "1;33", text, {}, json_ ? dump(json) : "");
}

void Console::warning(std::string_view message) {
  line("warning", "1;33", std::string(message), {}, {});
}

void Console::survived(std::string_view network, std::string_view cost, const Error& reason) {
  Json json = fields_of(reason);
  json["network"] = network;
  line("warning", "1;33",
       fmt::format("{}{}{}: {}", network, cost.empty() ? "" : " ", cost,
                   json_ ? reason.message : place_and_message(reason)),
       reason.hint, json_ ? dump(json) : "");
}

void Console::note(std::string_view message) {
  if (!quiet_) line("note", "", std::string(message), {}, {});
}

void Console::detail(std::string_view message) {
  if (verbose_) line("detail", "", std::string(message), {}, {});
}

void Console::summary(std::string_view text) {
  if (!quiet_) result(text);
}

void Console::result(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  erase_progress_line();
  put(stdout, text);
}

Expected<void> Console::finish() {
  end_progress();
  errno = 0;
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && errno != EPIPE) {
    const int code = errno != 0 ? errno : EIO;
    return fail(ErrorKind::kNotWritable, fmt::format("cannot write: {}", std::strerror(code)),
                {"standard output"}, "Free some space, or send the output elsewhere");
  }
  return {};
}

void Console::progress(std::string_view what, std::uint64_t done, std::uint64_t total, std::string_view unit,
                       double unit_scale) {
  if (!progress_) return;
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (current_ != what) {
    current_ = what;
    started_ = now;
  } else if (now - drawn_ < kRedrawEvery && done != total) {
    return;
  }
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  if (json_) {
    Json json;
    json["level"] = "progress";
    json["message"] = what;
    json["done"] = static_cast<double>(done) / unit_scale;
    json["total"] = static_cast<double>(total) / unit_scale;
    json["unit"] = unit;
    put(stderr, dump(json) + "\n");
    return;
  }
  const double share =
      total != 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0.0;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  const int digits = unit_scale == 1.0 ? 0 : 1;
  std::string text =
      fmt::format("\r{:<12} [{}{}] {:3.0f} %  {:.{}f}/{:.{}f} {}  {:.0f} s", shorten_middle(what, 24),
                  std::string(filled, '#'), std::string(kBarWidth - filled, '.'), share * 100.0,
                  static_cast<double>(done) / unit_scale, digits, static_cast<double>(total) / unit_scale,
                  digits, unit, seconds);
  const double rate = seconds > 0.0 ? static_cast<double>(done) / unit_scale / seconds : 0.0;
  if (unit_scale != 1.0 && rate > 0.0) {
    const double left = static_cast<double>(total > done ? total - done : 0) / unit_scale / rate;
    text += fmt::format("  {:.1f} {}/s  {:.0f} s left", rate, unit, left);
  }
  put(stderr, text + "\033[K");
  std::fflush(stderr);
  line_shown_ = true;
}

void Console::erase_progress_line() {
  if (!line_shown_) return;
  put(stderr, "\r\033[K");
  std::fflush(stderr);
  line_shown_ = false;
}

void Console::end_progress() {
  const std::scoped_lock lock(mutex_);
  erase_progress_line();
  current_.clear();
}

std::size_t Console::width() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const long given = std::strtol(columns, nullptr, 10);
    if (given >= 20 && given <= 1000) return static_cast<std::size_t>(given);
  }
  return kDefaultWidth;
}

bool Console::colours() const {
  return colours_for(STDOUT_FILENO);
}

}  // namespace joulecast::cli
