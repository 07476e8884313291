#include "dynamodb/value.h"

namespace ctk::dynamodb {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::S: return "S";
    case Type::N: return "N";
    case Type::B: return "B";
    case Type::BOOL: return "BOOL";
    case Type::NUL: return "NULL";
    case Type::M: return "M";
    case Type::L: return "L";
    case Type::SS: return "SS";
    case Type::NS: return "NS";
    case Type::BS: return "BS";
  }
  return "?";
}

std::optional<Type> parse_type(std::string_view tag) {
  switch (tag.size()) {
    case 1:
      switch (tag[0]) {
        case 'S': return Type::S;
        case 'N': return Type::N;
        case 'B': return Type::B;
        case 'M': return Type::M;
        case 'L': return Type::L;
        default: return std::nullopt;
      }
    case 2:
      if (tag[1] != 'S') return std::nullopt;
      switch (tag[0]) {
        case 'S': return Type::SS;
        case 'N': return Type::NS;
        case 'B': return Type::BS;
        default: return std::nullopt;
      }
    default: break;
  }
  if (tag == "BOOL") return Type::BOOL;
  if (tag == "NULL") return Type::NUL;
  return std::nullopt;
}

}  // namespace ctk::dynamodb
