// INI files as DVC, git and AWS have them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace joulecast::datasets {

/// Values by section and key, keys in small letters. Section names lose their outer quotes: DVC's
/// ['remote "x"'] is `remote "x"`. Values may be quoted; '#' begins a comment, at the begin of a line ';'
/// too. Lines that are none of this are left out.
using Ini = std::map<std::string, std::map<std::string, std::string>>;
Ini parse_ini(std::string_view text);

}  // namespace joulecast::datasets
