// A driver whose calls nobody can end: they run on a thread of its own, and whoever waits for one waits no longer, a while
// after it was asked to stop. A call that is left so keeps its thread, its connection and what it was given, until it
// returns or the program ends; nobody hears of it. It must not know what kind of driver that is.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// `make` gives a driver that is not connected, anew where the last one was left. `patience`: between a request to stop and
/// leaving it. What `make` refers to has to live as long as the program, or be held by it.
std::unique_ptr<Driver> make_watched_driver(std::function<std::unique_ptr<Driver>()> make, Duration patience);

}  // namespace ctk::sink::sql
