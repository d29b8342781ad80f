// Numbers as pandas reads them from a CSV file, wrong last digits included.
#pragma once

#include <optional>
#include <string_view>

namespace joulecast {

/// True for the texts that pandas takes for a missing value: "", "NA", "nan", "null", "None", "N/A", ...
bool is_pandas_missing(std::string_view text);

/// The double that pandas.read_csv makes of a cell; NaN for the missing ones; nothing for what is no number.
/// Blanks around a number are allowed, infinities are read.
///
/// It is not the nearest double (a third of 16 or 17 digit numbers differ in the last bit). The rule, that of
/// precise_xstrtod() in pandas' tokenizer.c, its default since version 1.2: at most 17 digits count, leading
/// zeros among them; further digits of the fraction are dropped, further digits before the point raise the
/// exponent only; the digits are gathered in a double (number * 10 + digit, rounded each time); one
/// multiplication or division by a power of ten ends it.
std::optional<double> parse_pandas_number(std::string_view text);

}  // namespace joulecast
