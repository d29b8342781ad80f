#include "datasets/dvc_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/atomic_file.h"
#include "base/input_file.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestDvcFile = 16U << 20U;
constexpr std::string_view kFolderMark = ".dir";
constexpr const char* kDvcFileHint = "Restore it from version control, or write it anew: joulecast data push";

tl::unexpected<Error> no_dvc_file(const fs::path& file, const std::string& what, std::uint64_t line = 0) {
  return fail(ErrorKind::kMalformed, what, {file.string(), line, {}}, kDvcFileHint);
}

std::string scalar(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

std::optional<std::uint64_t> number(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  std::uint64_t out = 0;
  if (!value || !value.IsScalar() || !YAML::convert<std::uint64_t>::decode(value, out)) return std::nullopt;
  return out;
}

Expected<YAML::Node> load_outs(const fs::path& file) {
  const auto text = read_whole_file(file, kLargestDvcFile);
  if (!text) return tl::unexpected(text.error());
  try {
    YAML::Node root = YAML::Load(*text);
    if (!root.IsMap() || !root["outs"] || !root["outs"].IsSequence())
      return no_dvc_file(file, "this is no .dvc file: it lists no outs");
    return root;
  } catch (const YAML::Exception& fault) {
    const auto line = fault.mark.line >= 0 ? static_cast<std::uint64_t>(fault.mark.line) + 1 : 0;
    return no_dvc_file(file, fmt::format("this is no .dvc file: {}", fault.msg), line);
  }
}

Expected<DvcEntry> entry_of(const YAML::Node& out, const fs::path& file) {
  DvcEntry entry;
  entry.path = scalar(out, "path");
  entry.md5 = scalar(out, "md5");
  entry.is_folder = entry.md5.ends_with(kFolderMark);
  if (entry.is_folder) entry.md5.resize(entry.md5.size() - kFolderMark.size());
  const std::string hash = scalar(out, "hash");
  if (!is_md5(entry.md5) || (!hash.empty() && hash != "md5"))
    return no_dvc_file(file, fmt::format("the entry of {} has no MD5", entry.path));
  entry.hash = hash.empty() ? HashKind::kMd5Dos2Unix : HashKind::kMd5;
  entry.bytes = number(out, "size");
  entry.files = number(out, "nfiles");
  entry.executable = scalar(out, "isexec") == "true";
  entry.remote = scalar(out, "remote");
  return entry;
}

/// A name as YAML has it on one line: plain where that is safe, as DVC's writer does it.
std::string yaml_name(const std::string& text) {
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
  };
  const bool begins_as_word =
      !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') ||
                        text[0] == '_' || text[0] == '/' || static_cast<unsigned char>(text[0]) >= 0xc3);
  constexpr std::array<std::string_view, 8> kWords = {"true", "false", "null", "yes", "no", "on", "off", "y"};
  std::string small = text;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool word = std::find(kWords.begin(), kWords.end(), small) != kWords.end() || small == "n";
  if (begins_as_word && !word && text.back() != ' ' && std::all_of(text.begin(), text.end(), safe))
    return text;
  const bool control = std::any_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) {
    YAML::Emitter emitter;
    emitter << YAML::DoubleQuoted << text;
    return emitter.c_str();
  }
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

/// "key: value" lines of what the writer itself knows nothing of, in DVC's order.
std::string kept_lines(const YAML::Node& from, std::initializer_list<const char*> keys,
                       const std::string& indent) {
  std::string out;
  for (const char* key : keys) {
    if (!from[key]) continue;
    YAML::Node one;
    one[key] = from[key];
    std::string text = YAML::Dump(one);
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      text.insert(at + 1, indent);
    out += indent + text + "\n";
  }
  return out;
}

std::string entry_lines(const DvcEntry& entry) {
  std::string out = fmt::format("- md5: {}{}\n", entry.md5, entry.is_folder ? kFolderMark : "");
  if (entry.bytes) out += fmt::format("  size: {}\n", *entry.bytes);
  if (entry.is_folder && entry.files) out += fmt::format("  nfiles: {}\n", *entry.files);
  if (entry.executable) out += "  isexec: true\n";
  return out + fmt::format("  hash: md5\n  path: {}\n", yaml_name(entry.path));
}

}  // namespace

fs::path dvc_file_of(const fs::path& data) {
  fs::path file = data;
  if (!file.has_filename()) file = file.parent_path();  // "training_data/"
  file += ".dvc";
  return file;
}

Expected<DvcEntry> read_dvc_file(const fs::path& data) {
  const fs::path file = dvc_file_of(data);
  const auto root = load_outs(file);
  if (!root) return tl::unexpected(root.error());
  const std::string name = file.stem().string();
  for (const YAML::Node& out : (*root)["outs"])
    if (out.IsMap() && fs::path(scalar(out, "path")).lexically_normal() == name) return entry_of(out, file);
  return no_dvc_file(file, fmt::format("this .dvc file has no entry for {}", name));
}

std::string dvc_file_text(const DvcEntry& entry) {
  return "outs:\n" + entry_lines(entry);
}

namespace {

/// An earlier file that may be written anew.
Expected<YAML::Node> load_renewable(const fs::path& file) {
  auto root = load_outs(file);
  if (!root) return root;
  const YAML::Node& top = *root;
  if (top["outs"].size() != 1 || top["cmd"] || top["deps"])
    return fail(ErrorKind::kUnfit, "this .dvc file has several outputs or a command", {file.string()},
                "Let DVC itself renew it: dvc add, dvc repro");
  return root;
}

}  // namespace

Expected<void> check_renewable(const fs::path& data) {
  const fs::path file = dvc_file_of(data);
  std::error_code code;
  if (!fs::exists(file, code)) return {};
  const auto root = load_renewable(file);
  if (!root) return tl::unexpected(root.error());
  return {};
}

Expected<void> write_dvc_file(const fs::path& data, const DvcEntry& entry) {
  const fs::path file = dvc_file_of(data);
  std::error_code code;
  if (!fs::exists(file, code))
    return write_file_atomically(file, dvc_file_text(entry), Durability::kPowerCut);
  const auto root = load_renewable(file);
  if (!root) return tl::unexpected(root.error());
  const YAML::Node& top = *root;
  const YAML::Node out = top["outs"][0];
  const std::string text =
      kept_lines(top, {"desc", "wdir", "frozen"}, "") + "outs:\n" + entry_lines(entry) +
      kept_lines(out,
                 {"desc", "type", "labels", "meta", "cache", "metric", "plot", "persist", "remote", "push"},
                 "  ") +
      kept_lines(top, {"always_changed", "meta"}, "");
  return write_file_atomically(file, text, Durability::kPowerCut);
}

Expected<void> ignore_in_git(const fs::path& data) {
  const fs::path file = dvc_file_of(data).parent_path() / ".gitignore";
  std::string line = "/";
  for (const char c : dvc_file_of(data).stem().string()) {
    if (std::string_view("*?[]!#\\ ").find(c) != std::string_view::npos) line += '\\';
    line += c;
  }
  std::error_code code;
  std::string text;
  if (fs::exists(file, code)) {
    auto old = read_whole_file(file, kLargestDvcFile);
    if (!old) return tl::unexpected(old.error());
    text = std::move(*old);
  }
  if (("\n" + text + "\n").find("\n" + line + "\n") != std::string::npos) return {};
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return write_file_atomically(file, text + line + "\n", Durability::kPowerCut);
}

}  // namespace joulecast::datasets
