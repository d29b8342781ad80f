#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/csv_table.h"
#include "joulecast/evaluation.h"

namespace joulecast {

std::string family_of(std::string_view network) {
  constexpr std::array<std::string_view, 14> kStems = {
      "resnet",     "resnext",   "vgg",     "mobilenet", "densenet", "efficientnet", "shufflenet",
      "squeezenet", "inception", "mnasnet", "regnet",    "convnext", "alexnet",      "lenet"};
  std::string lower;
  for (const char c : network) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // Before the stems: "googlenet" ends in another family's name.
  if (lower.find("googlenet") != std::string::npos) return "inception";
  for (const std::string_view stem : kStems)
    if (lower.find(stem) != std::string::npos) return std::string(stem);
  std::size_t end = 0;
  while (end < lower.size() && std::isalpha(static_cast<unsigned char>(lower[end])) != 0) ++end;
  return end == 0 ? lower : lower.substr(0, end);
}

Expected<std::map<std::string, std::string>> read_families(const std::filesystem::path& path,
                                                           std::vector<Warning>* warnings) {
  auto table = CsvTable::open(path, "Give two columns, network and family, and one row for each network");
  if (!table) return tl::unexpected(table.error());
  const auto network = table->find("network");
  const auto family = table->find("family");
  if (!network || !family)
    return table->fault("no table of families: the columns network and family are needed");
  std::map<std::string, std::string> families;
  for (;;) {
    const auto cells = table->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    const std::string name(table->cell(*network));
    if (!families.emplace(name, table->cell(*family)).second)
      return table->fault(fmt::format("{} has a family already", name));
  }
  if (warnings != nullptr) table->tell_doubt(*warnings);
  return families;
}

}  // namespace joulecast
