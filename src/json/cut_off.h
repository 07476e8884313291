// The beginning of an object whose text breaks off, made whole again: an answer that was longer than there was room for.
#pragma once

#include <string>
#include <string_view>

namespace ctk::json {

/// `text` begins an object with a list named `list` at its top: cuts it behind the last entry of that list that is whole,
/// and closes list and object. What follows the list is lost. False, and no change, where no entry is whole. Entries are
/// objects; their insides are not looked at.
bool close_cut_list(std::string& text, std::string_view list);

/// Whether an object's text begins with a list of that name.
bool begins_with_list(std::string_view text, std::string_view list);

}  // namespace ctk::json
