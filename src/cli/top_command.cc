// `ctk top`: a process that listens, on a terminal that people leave open. ncurses writes only what has changed, so nothing
// flickers over a slow line.
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <future>
#include <stop_token>
#include <utility>

#include "cli/exit_code.h"
#include "cli/listening_client.h"
#include "cli/options.h"
#include "cli/run_commands.h"
#include "cli/shown_text.h"
#include "cli/top_screen.h"

// After all others: it has macros of everyday names.
#include <ncurses.h>

namespace ctk::cli {
namespace {

constexpr Duration kAskEvery = std::chrono::seconds(1);
constexpr int kLookForKeysMs = 100;
constexpr int kEscape = 27;
constexpr const char* kKeys = "q quit  s sort  / filter  f finished  l log  p pause  arrows and pages scroll";

/// ncurses from its beginning to its end.
class Screen {
 public:
  explicit Screen(bool colored) {
    initscr();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    timeout(kLookForKeysMs);
    if (!colored || !has_colors()) return;
    start_color();
    use_default_colors();
    init_pair(1, COLOR_GREEN, -1);
    init_pair(2, COLOR_RED, -1);
    colored_ = true;
  }
  ~Screen() { endwin(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static size_t rows() { return static_cast<size_t>(std::max(1, getmaxy(stdscr))); }
  static size_t columns() { return static_cast<size_t>(std::max(1, getmaxx(stdscr))); }

  void show(const std::vector<ScreenLine>& lines) const {
    erase();
    for (size_t row = 0; row < lines.size(); ++row) {
      attrset(attributes(lines[row].style));
      mvaddstr(static_cast<int>(row), 0, lines[row].text.c_str());
    }
    attrset(A_NORMAL);
    refresh();
  }

 private:
  attr_t attributes(LineStyle style) const {
    switch (style) {
      case LineStyle::plain: return A_NORMAL;
      case LineStyle::quiet: return A_DIM;
      case LineStyle::bar: return A_REVERSE;
      case LineStyle::good: return colored_ ? A_BOLD | COLOR_PAIR(1) : A_BOLD;
      case LineStyle::bad: return colored_ ? A_BOLD | COLOR_PAIR(2) : A_BOLD;
    }
    return A_NORMAL;
  }

  bool colored_ = false;
};

/// Asks again and again, away from the keys.
class Pages {
 public:
  Pages(ListeningPort port, World& world) : port_(std::move(port)), world_(world) {}
  ~Pages() { stop_.request_stop(); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  /// The next answer, once it is there.
  std::optional<Result<net::HttpResponse>> poll() {
    if (!asked_.valid() && world_.clock.monotonic() >= next_) {
      asked_ =
          std::async(std::launch::async, [this] { return ask_listening(port_, "/page.json", world_, stop_.get_token()); });
      next_ = world_.clock.monotonic() + kAskEvery;
    }
    if (!asked_.valid() || asked_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
    return asked_.get();
  }

 private:
  ListeningPort port_;
  World& world_;
  std::stop_source stop_;
  Duration next_{};
  std::future<Result<net::HttpResponse>> asked_;  ///< waited for when it goes: the first to do so
};

/// The state of the view between keys and answers.
class Top {
 public:
  Top(const TopCommand& command, World& world, bool colored)
      : pages_({command.url, command.token}, world), page_(R"({"relays":[]})"), screen_(colored) {
    wishes_.unicode = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
    footer_ = {fmt::format("asking {} …", command.url), false};
  }

  /// Until it is left.
  void run() {
    draw();
    for (int key = 0; key != 'q' || typing_;) {
      key = getch();
      bool changed = key != ERR;
      if (key != ERR) take_key(key);
      if (const auto answer = pages_.poll(); answer && !paused_) changed = take(*answer) || changed;
      if (changed) draw();
    }
  }

 private:
  bool take(const Result<net::HttpResponse>& answer) {
    if (!answer) {
      footer_ = {one_line(to_string(answer.error())), true};
    } else {
      page_ = answer->body;
      footer_ = {kKeys, false};
    }
    return true;
  }

  void draw() {
    TopFooter footer =
        typing_ ? TopFooter{"filter: " + wishes_.filter + "_  (Enter keeps it, Esc clears it)", false} : footer_;
    if (paused_ && !typing_) footer.text = "PAUSED (p goes on)  " + footer.text;
    const auto screen = top_screen(page_, wishes_, footer, Screen::rows(), Screen::columns());
    if (!screen) return screen_.show({{one_line(to_string(screen.error())), LineStyle::bad}});
    shards_ = screen->shards;
    shown_ = std::max<size_t>(1, screen->shown_shards);
    screen_.show(screen->lines);
  }

  void take_key(int key) {
    if (typing_) return type(key);
    switch (key) {
      case 's':
        wishes_.order = wishes_.order == ShardOrder::id    ? ShardOrder::lag
                        : wishes_.order == ShardOrder::lag ? ShardOrder::state
                                                           : ShardOrder::id;
        break;
      case '/': typing_ = true; break;
      case kEscape: wishes_.filter.clear(); break;
      case 'f': wishes_.shows_finished = !wishes_.shows_finished; break;
      case 'l': wishes_.shows_log = !wishes_.shows_log; break;
      case 'p': paused_ = !paused_; break;
      case KEY_DOWN:
      case 'j': scroll_to(wishes_.scrolled + 1); break;
      case KEY_UP:
      case 'k': scroll_to(wishes_.scrolled - std::min<size_t>(1, wishes_.scrolled)); break;
      case KEY_NPAGE:
      case ' ': scroll_to(wishes_.scrolled + shown_); break;
      case KEY_PPAGE:
      case 'b': scroll_to(wishes_.scrolled - std::min(shown_, wishes_.scrolled)); break;
      case KEY_HOME:
      case 'g': scroll_to(0); break;
      case KEY_END:
      case 'G': scroll_to(shards_); break;
      default: break;
    }
  }

  void type(int key) {
    scroll_to(0);
    if (key == '\n' || key == KEY_ENTER) {
      typing_ = false;
    } else if (key == kEscape) {
      typing_ = false;
      wishes_.filter.clear();
    } else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
      if (!wishes_.filter.empty()) wishes_.filter.pop_back();
    } else if (key >= 32 && key < 127) {
      wishes_.filter += static_cast<char>(key);
    }
  }

  /// The last shard stays on the screen.
  void scroll_to(size_t shard) { wishes_.scrolled = shards_ == 0 ? 0 : std::min(shard, shards_ - 1); }

  Pages pages_;
  std::string page_;
  TopWishes wishes_;
  TopFooter footer_;
  bool typing_ = false, paused_ = false;
  size_t shards_ = 0, shown_ = 1;
  Screen screen_;
};

}  // namespace

int run_top(const TopCommand& command, World& world) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
    return report_error(world, {ErrorKind::usage, "ctk top needs a terminal", "", "ctk status prints the same once"});
  // Before the terminal is taken over: what cannot be asked is said where it stays.
  if (auto first = ask_listening({command.url, command.token}, "/page.json", world); !first)
    return report_error(world, first.error());
  std::setlocale(LC_CTYPE, "");
  Top(command, world, !world.environment().get("NO_COLOR")).run();
  return kDone;
}

}  // namespace ctk::cli
