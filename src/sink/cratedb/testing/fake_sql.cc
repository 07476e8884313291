#include "sink/cratedb/testing/fake_sql.h"

#include "sink/cratedb/testing/fake_expressions.h"

namespace ctk::sink::cratedb::testing {
namespace {

class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Parsed statement() {
    Parsed parsed = any_statement();
    take_symbol(";");
    if (peek().kind != Token::Kind::end) expected("{<EOF>, ';'}");
    return parsed;
  }

 private:
  Type type() {
    Type type;
    const std::string word = identifier();
    if (word == "text" || word == "string") {
      type.kind = Type::Kind::text;
    } else if (word == "boolean") {
      type.kind = Type::Kind::boolean;
    } else if (word == "int" || word == "integer") {
      type.kind = Type::Kind::integer;
    } else if (word == "bigint" || word == "long") {
      type.kind = Type::Kind::bigint;
    } else if (word == "double") {
      take_word("precision");
      type.kind = Type::Kind::double_precision;
    } else if (word == "timestamp") {
      if (take_word("with")) need_word("time"), need_word("zone");
      type.kind = Type::Kind::timestamp;
    } else if (word == "array") {
      need_symbol("(");
      type.kind = Type::Kind::array;
      type.element.push_back(this->type());
      need_symbol(")");
    } else if (word == "object") {
      object(type);
    } else {
      throw Mismatch{parse_exception("Cannot find data type: " + word)};
    }
    return type;
  }
  void object(Type& type) {
    type.kind = Type::Kind::object;
    if (take_symbol("(")) {
      const std::string policy = identifier();
      type.policy = policy == "strict"    ? Type::Policy::strict
                    : policy == "ignored" ? Type::Policy::ignored
                                          : Type::Policy::dynamic;
      need_symbol(")");
    }
    if (!take_word("as")) return;
    need_symbol("(");
    list([&] { type.columns.push_back(column(identifier())); });
    need_symbol(")");
  }
  Column column(std::string name) {
    Column column;
    column.name = std::move(name);
    column.type = type();
    while (true) {
      if (take_word("primary")) {
        need_word("key");
        column.key = true;
      } else if (take_word("not")) {
        need_word("null");
        column.not_null = true;
      } else if (take_word("index")) {
        need_word("off");
        column.indexed = false;
      } else if (take_word("storage")) {
        need_word("with");
        skip_group();
      } else {
        return column;
      }
    }
  }
  void skip_group() {
    need_symbol("(");
    int depth = 1;
    while (depth > 0 && peek().kind != Token::Kind::end) {
      if (peek().kind == Token::Kind::symbol && peek().text == "(") depth++;
      if (peek().kind == Token::Kind::symbol && peek().text == ")") depth--;
      any_token();
    }
  }

  Parsed any_statement() {
    if (take_word("create")) return create();
    if (take_word("drop")) return drop();
    if (take_word("alter")) return alter();
    if (take_word("insert")) return insert();
    if (take_word("update")) return update();
    if (take_word("delete")) return remove();
    if (take_word("select")) return select();
    if (take_word("refresh")) {
      need_word("table");
      return Refresh{table_name()};
    }
    if (take_word("show")) {
      need_word("create");
      need_word("table");
      return ShowCreate{table_name()};
    }
    expected("{'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'REFRESH', 'SHOW'}");
  }

  Parsed create() {
    const bool replace = take_word("or");
    if (replace) need_word("replace");
    if (replace || is_word("view")) {
      need_word("view");
      CreateView view;
      view.replace = replace;
      view.name = table_name();
      need_word("as");
      need_word("select");
      view.select = select();
      return view;
    }
    need_word("table");
    CreateTable table;
    if (take_word("if")) {
      need_word("not");
      need_word("exists");
      table.if_not_exists = true;
    }
    table.name = table_name();
    need_symbol("(");
    list([&] { table_element(table); });
    need_symbol(")");
    if (take_word("clustered")) clustered(table);
    if (take_word("with")) settings(table);
    return table;
  }
  void settings(CreateTable& table) {
    need_symbol("(");
    list([&] {
      const std::string name = any_token().text;
      need_symbol("=");
      const std::string value = any_token().text;
      if (name == "mapping.total_fields.limit") table.fields_limit = std::stoul(value);
    });
    need_symbol(")");
  }
  void table_element(CreateTable& table) {
    if (is_word("primary") && is_word("key", 1)) {
      any_token();
      any_token();
      need_symbol("(");
      list([&] { table.key.push_back(column_or_call()); });
      need_symbol(")");
      return;
    }
    table.columns.push_back(column(identifier()));
  }
  void clustered(CreateTable& table) {
    if (take_word("by")) skip_group();
    if (!take_word("into")) return;
    table.shards = std::stoi(any_token().text);
    need_word("shards");
  }

  Parsed drop() {
    Drop drop;
    drop.view = take_word("view");
    if (!drop.view) need_word("table");
    if (take_word("if")) {
      need_word("exists");
      drop.if_exists = true;
    }
    drop.name = table_name();
    return drop;
  }

  Parsed alter() {
    need_word("table");
    const TableName name = table_name();
    if (take_word("set")) {
      SetBlock block;
      block.name = name;
      need_symbol("(");
      block.setting = identifier();
      need_symbol("=");
      block.on = primary().literal.is_true();
      need_symbol(")");
      return block;
    }
    if (take_word("close")) return SetBlock{name, "closed", true};
    if (take_word("open")) return SetBlock{name, "closed", false};
    if (take_word("drop")) {
      need_word("column");
      return DropColumn{name, column_path()};
    }
    AddColumns add;
    add.name = name;
    list([&] {
      need_word("add");
      take_word("column");
      AddColumns::Added added;
      added.path = column_path();
      added.column = column(added.path.back());
      add.columns.push_back(std::move(added));
    });
    return add;
  }

  std::vector<std::string> column_path() {
    const Expr reference = column_or_call();
    std::vector<std::string> path{reference.name};
    path.insert(path.end(), reference.path.begin(), reference.path.end());
    return path;
  }

  std::vector<Assignment> assignments() {
    std::vector<Assignment> result;
    list([&] {
      Assignment one;
      one.target = column_or_call();
      need_symbol("=");
      one.value = expression();
      result.push_back(std::move(one));
    });
    return result;
  }

  Parsed insert() {
    need_word("into");
    Insert insert;
    insert.name = table_name();
    if (is_word("as")) expected("{'SELECT', 'WITH', 'VALUES', '('}");
    if (take_symbol("(")) {
      list([&] { insert.columns.push_back(identifier()); });
      need_symbol(")");
    }
    need_word("values");
    need_symbol("(");
    list([&] { insert.values.push_back(expression()); });
    need_symbol(")");
    if (take_word("on")) on_conflict(insert);
    if (take_word("returning")) list([&] { insert.returning.push_back(expression()); });
    return insert;
  }
  void on_conflict(Insert& insert) {
    need_word("conflict");
    if (take_symbol("(")) {
      list([&] { insert.target.push_back(column_or_call()); });
      need_symbol(")");
    }
    need_word("do");
    if (take_word("nothing")) {
      insert.conflict = Insert::Conflict::nothing;
      return;
    }
    need_word("update");
    need_word("set");
    insert.conflict = Insert::Conflict::update;
    insert.assignments = assignments();
  }

  Parsed update() {
    Update update;
    update.name = table_name();
    need_word("set");
    update.assignments = assignments();
    if (take_word("where")) update.where = expression();
    return update;
  }
  Parsed remove() {
    need_word("from");
    Delete remove;
    remove.name = table_name();
    if (take_word("where")) remove.where = expression();
    return remove;
  }

  Select select() {
    Select select;
    select.distinct = take_word("distinct");
    list([&] {
      Select::Item item;
      item.expr = expression();
      if (take_word("as")) item.alias = identifier();
      select.items.push_back(std::move(item));
    });
    if (take_word("from")) select.from = table_name();
    if (take_word("where")) select.where = expression();
    if (take_word("order")) {
      need_word("by");
      list([&] {
        Select::Order order;
        order.expr = expression();
        order.descending = take_word("desc");
        if (!order.descending) take_word("asc");
        select.order.push_back(std::move(order));
      });
    }
    if (take_word("limit")) select.limit = primary();
    return select;
  }
};

}  // namespace

SqlResult<Parsed> parse_sql(std::string_view sql) {
  try {
    return Parser(sql).statement();
  } catch (const Mismatch& mismatch) {
    return std::unexpected(mismatch.error);
  }
}

}  // namespace ctk::sink::cratedb::testing
