#include "cost_model/data_hash.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/float_text.h"

namespace joulecast {

namespace {

/// All columns; what is absent stays apart from 0.
void describe(const LayerRow& row, std::string& line) {
  for (const std::string_view text :
       {std::string_view(row.network), std::string_view(row.layer_name), std::string_view(row.layer_type),
        to_string(row.kind), std::string_view(row.activation), std::string_view(row.tactic),
        std::string_view(row.power_basis), std::string_view(row.status), std::string_view(row.block),
        std::string_view(row.device), to_string(row.input_type), to_string(row.output_type),
        to_string(row.weight_type)}) {
    line += '\x1f';
    line += text;
  }
  for (const std::optional<double>& number :
       {row.batch_size,      row.input_channels,   row.input_height,   row.input_width,
        row.output_channels, row.output_height,    row.output_width,   row.kernel_height,
        row.kernel_width,    row.stride_height,    row.stride_width,   row.padding_height,
        row.padding_width,   row.dilation_height,  row.dilation_width, row.groups,
        row.input_alignment, row.output_alignment, row.bytes_in,       row.bytes_out,
        row.bytes_weights,   row.run_time_ms,      row.run_time_sd_ms, row.power_w,
        row.power_sd_w,      row.energy_mj,        row.energy_sd_mj,   row.idle_power_w}) {
    line += ' ';
    if (number) append_float(line, *number);
  }
  line += fmt::format(" {} {}", row.cycles ? fmt::format("{}", *row.cycles) : "",
                      row.residual ? (*row.residual ? "1" : "0") : "");
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Context begin_sha256() {
  Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  return context;
}

std::string hexadecimal(EVP_MD_CTX* context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context, digest.data(), &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace

std::string hash_of(const TrainingSet& data) {
  const Context context = begin_sha256();
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
  for (const LayerRow& row : data.layers) {
    line = "layer";
    describe(row, line);
    flush();
  }
  return hexadecimal(context.get());
}

std::string sha256_of(std::string_view bytes) {
  const Context context = begin_sha256();
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return hexadecimal(context.get());
}

}  // namespace joulecast
