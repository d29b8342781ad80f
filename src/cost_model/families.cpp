#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/csv.h"
#include "joulecast/evaluation.h"

namespace joulecast {

std::string family_of(std::string_view network) {
  constexpr std::array<std::string_view, 14> kStems = {
      "resnet",     "resnext",   "vgg",     "mobilenet", "densenet", "efficientnet", "shufflenet",
      "squeezenet", "inception", "mnasnet", "regnet",    "convnext", "alexnet",      "lenet"};
  std::string lower;
  for (const char c : network) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view stem : kStems)
    if (lower.find(stem) != std::string::npos) return std::string(stem);
  if (lower == "googlenet") return "inception";
  std::size_t end = 0;
  while (end < lower.size() && std::isalpha(static_cast<unsigned char>(lower[end])) != 0) ++end;
  return end == 0 ? lower : lower.substr(0, end);
}

Expected<std::map<std::string, std::string>> read_families(const std::filesystem::path& path) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  const auto header = reader->next();
  if (!header) return tl::unexpected(header.error());
  const auto network = find_column(*header, "network");
  const auto family = find_column(*header, "family");
  if (!network || !family)
    return fail(ErrorKind::kMalformed, "no table of families: the columns network and family are needed",
                reader->location());
  const std::size_t columns = header->size();
  std::map<std::string, std::string> families;
  for (;;) {
    const auto cells = reader->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) return families;
    if (cells->size() != columns)
      return fail(ErrorKind::kMalformed, fmt::format("{} cells under {} columns", cells->size(), columns),
                  reader->location());
    const std::string name((*cells)[*network]);
    if (!families.emplace(name, (*cells)[*family]).second)
      return fail(ErrorKind::kMalformed, fmt::format("{} has a family already", name), reader->location());
  }
}

}  // namespace joulecast
