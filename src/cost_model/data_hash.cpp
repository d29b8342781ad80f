#include "cost_model/data_hash.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
// libcrypto's general interface (EVP) brings every algorithm's tables into the program, 17,000 relocations at
// each start; the three functions of SHA-256 alone, deprecated in its favour, bring none.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/float_text.h"
#include "base/input_file.h"

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

std::string finish(SHA256_CTX& context) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), &context);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

std::string hash_of(const TrainingSet& data) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::string line;
  const auto flush = [&] {
    line += '\n';
    SHA256_Update(&context, line.data(), line.size());
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
  for (const EndToEndOfNetwork& one : data.end_to_end) {
    line = fmt::format("end to end {} {} ", one.network, one.runs);
    append_float(line, one.median_ms);
    flush();
  }
  return finish(context);
}

std::string sha256_of(std::string_view bytes) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  return finish(context);
}

Expected<std::string> sha256_of_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return tl::unexpected(unreadable_file(path, errno));
  SHA256_CTX context;
  SHA256_Init(&context);
  std::array<char, 1U << 16U> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    SHA256_Update(&context, buffer.data(), size);
  if (std::ferror(file.get()) != 0) return tl::unexpected(unreadable_file(path, errno));
  return finish(context);
}

}  // namespace joulecast
