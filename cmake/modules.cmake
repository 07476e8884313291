# One library a room of src/: a folder, or a folder within one (sink/sql). Each names the rooms whose headers it includes,
# all above it: that, and nothing else, is what it may know (tests/lint/imports.py). Files are found by name: x.cc belongs
# to the library, x_test.cc to the test program of the folder. What lies in a folder testing/ is no part of the program.

set(ctk_modules "")
add_custom_target(unit_tests)  # every module's test program
add_custom_target(fuzzers)

# ctk_precompile(TARGET FIRST HEADERS…): where that is asked for, TARGET's files share what they all include of libraries'
# headers, parsed once: for the target FIRST, whose parse the others take over.
function(ctk_precompile target first)
  # The program's libraries are optimised with every warning (CTK_NO_DOUBTS_OF_STRINGS).
  get_target_property(kind ${target} TYPE)
  if(NOT CTK_PRECOMPILE OR NOT TARGET ${first} OR (kind STREQUAL STATIC_LIBRARY AND CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo))
    return()
  endif()
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE <algorithm> <chrono> <expected> <functional> <map> <memory> <optional>
                                                <string> <string_view> <vector> <fmt/format.h> <simdjson.h> ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# ctk_in_batches(LIST NAME ROOT): where that is asked for, LIST's files, which lie below ROOT, give way to batches of them that
# are compiled as one (cmake/batches.py).
function(ctk_in_batches list name root)
  if(CTK_FILES_AT_ONCE LESS 2 OR NOT Python3_FOUND)
    return()
  endif()
  set(paths "")
  foreach(file IN LISTS ${list})
    file(RELATIVE_PATH relative ${root} ${file})
    list(APPEND paths ${relative})
  endforeach()
  execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/cmake/batches.py ${CMAKE_BINARY_DIR}/batches ${name}
                          ${CTK_FILES_AT_ONCE} ${root} ${paths}
                  OUTPUT_VARIABLE batches OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" batches "${batches}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${${list}} ${CMAKE_SOURCE_DIR}/cmake/batches.py)
  set(${list} ${batches} PARENT_SCOPE)
endfunction()

# ctk_module(ROOM [USES ROOMS…] [LIBRARIES LIBRARIES…]): src/ROOM as library ctk_ROOM, with `/` as `_`.
function(ctk_module room)
  cmake_parse_arguments(PARSE_ARGV 1 module "" "" "USES;LIBRARIES")
  string(REPLACE "/" "_" name ${room})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$|_fuzz\\.cc$")
  ctk_in_batches(sources ${name} ${CMAKE_SOURCE_DIR}/src)
  add_library(ctk_${name} STATIC ${sources})
  target_include_directories(ctk_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM module_USES REPLACE "/" "_")
  list(TRANSFORM module_USES PREPEND ctk_)
  target_link_libraries(ctk_${name} PUBLIC ${module_USES} ${module_LIBRARIES})
  set(ctk_modules ctk_${name} ${ctk_modules} PARENT_SCOPE)
  ctk_precompile(ctk_${name} ctk_json)
  if(CTK_FUZZ)
    file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*_fuzz.cc)
    foreach(fuzzer ${fuzzers})
      get_filename_component(program ${fuzzer} NAME_WE)
      add_executable(${program} ${fuzzer})
      target_link_libraries(${program} PRIVATE ctk_${name})
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
      add_dependencies(fuzzers ${program})
    endforeach()
  endif()
endfunction()

# ctk_quickly_compiled(TARGET): test cases run once, compiling them is what takes the time; what they test is optimised. Not
# -O0, without which simdjson lays its objects out otherwise than in the libraries.
function(ctk_quickly_compiled target)
  target_compile_options(${target} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1;${CTK_NO_DOUBTS_OF_STRINGS}>")
endfunction()

# ctk_module_tests(FOLDER LIBRARIES…): all x_test.cc in and below src/FOLDER as one program, FOLDER_test.
function(ctk_module_tests folder)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*_test.cc)
  ctk_in_batches(tests ${folder}_test ${CMAKE_SOURCE_DIR}/src)
  add_executable(${folder}_test ${tests})
  target_include_directories(${folder}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${folder}_test PRIVATE ctk_${folder} ${ARGN} GTest::gmock GTest::gtest GTest::gtest_main rapidcheck
                                               Threads::Threads)
  target_compile_definitions(${folder}_test PRIVATE CTK_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  ctk_quickly_compiled(${folder}_test)
  ctk_precompile(${folder}_test json_test <gmock/gmock.h> <gtest/gtest.h> <rapidcheck/gtest.h>)
  add_test(NAME unit.${folder} COMMAND ${folder}_test)
  set_tests_properties(unit.${folder} PROPERTIES LABELS unit TIMEOUT 1800)
  add_dependencies(unit_tests ${folder}_test)
endfunction()

ctk_module(base LIBRARIES fmt::fmt Threads::Threads)
ctk_module(json USES base LIBRARIES simdjson::simdjson)
ctk_module(cbor USES base json)
ctk_module(net USES base json LIBRARIES CURL::libcurl PkgConfig::httplib ZLIB::ZLIB)
ctk_module(aws USES base cbor json net LIBRARIES OpenSSL::Crypto ZLIB::ZLIB)
ctk_module(aws/credentials USES aws base json net LIBRARIES OpenSSL::Crypto PkgConfig::pugixml)
ctk_module(shards USES aws base)
ctk_module(dynamodb USES aws base json shards)
ctk_module(sim USES aws base cbor dynamodb json net LIBRARIES OpenSSL::Crypto PkgConfig::nghttp2 ZLIB::ZLIB)
ctk_module(coordination USES aws base dynamodb json shards)
ctk_module(load USES base coordination shards)
ctk_module(table USES base dynamodb json LIBRARIES OpenSSL::Crypto)
ctk_module(sink USES base coordination dynamodb json net table LIBRARIES OpenSSL::Crypto)
ctk_module(sink/ndjson USES base coordination dynamodb json sink table)
ctk_module(sink/sql USES base coordination dynamodb net sink table LIBRARIES PostgreSQL::PostgreSQL SQLite::SQLite3)
ctk_module(sink/cratedb USES base coordination dynamodb json net sink table)
ctk_module(replay USES coordination dynamodb json sink)
ctk_module(source USES aws base coordination dynamodb json load shards LIBRARIES ZLIB::ZLIB PkgConfig::zstd)
ctk_module(relay USES aws base coordination dynamodb load shards sink source table)
ctk_module(engines USES aws base coordination dynamodb json net shards source)
ctk_module(record USES aws base coordination dynamodb json sink source LIBRARIES ZLIB::ZLIB PkgConfig::zstd)
ctk_module(observe USES base json net relay LIBRARIES OpenSSL::Crypto spdlog::spdlog)
add_custom_command(OUTPUT page_html.cc
                   COMMAND ${CMAKE_COMMAND} -DPAGE=${CMAKE_SOURCE_DIR}/src/observe/page.html -DOUT=page_html.cc
                           -P ${CMAKE_SOURCE_DIR}/cmake/page.cmake
                   DEPENDS src/observe/page.html cmake/page.cmake VERBATIM)
target_sources(ctk_observe PRIVATE ${CMAKE_BINARY_DIR}/page_html.cc)
ctk_module(verify USES aws base coordination dynamodb json relay shards sink source table)
ctk_module(check USES aws aws/credentials base coordination json load shards sink source)
ctk_module(cli USES aws aws/credentials base check coordination dynamodb engines json load net observe record relay replay sim sink source sink/cratedb
                    sink/ndjson sink/sql table verify
           LIBRARIES CLI11::CLI11 edit ncursesw tinfo)
target_compile_definitions(ctk_cli PRIVATE CTK_VERSION="${PROJECT_VERSION}")

# The fake CrateDB, which the tests of the sink and of whole relays share.
file(GLOB fake_cratedb_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/sink/cratedb/testing/*.cc)
ctk_in_batches(fake_cratedb_sources fake_cratedb ${CMAKE_SOURCE_DIR}/src)
add_library(ctk_fake_cratedb STATIC ${fake_cratedb_sources})
target_link_libraries(ctk_fake_cratedb PUBLIC ctk_sink_cratedb)
ctk_precompile(ctk_fake_cratedb ctk_json)

foreach(folder base json cbor shards dynamodb load table replay source relay record engines observe sim check cli)
  ctk_module_tests(${folder})
endforeach()
ctk_module_tests(aws ctk_aws_credentials)
ctk_module_tests(net ZLIB::ZLIB OpenSSL::SSL OpenSSL::Crypto)
ctk_module_tests(coordination ctk_sim)
ctk_module_tests(verify ctk_sim ctk_sink_sql)
ctk_module_tests(sink ctk_sink_ndjson ctk_sink_sql ctk_sink_cratedb ctk_fake_cratedb)
# Targets in servers take nine tenths of the time: they are a test of their own, `long`, so that `./dev check` goes without.
set(ctk_of_servers "*/*mariadb:*/*mysql:*/*postgres")
add_test(NAME unit.sink_servers COMMAND sink_test --gtest_filter=${ctk_of_servers})
set_tests_properties(unit.sink_servers PROPERTIES LABELS "unit;long" TIMEOUT 1800 COST 1000)
set_property(TEST unit.sink PROPERTY ENVIRONMENT "GTEST_FILTER=-${ctk_of_servers}")
add_dependencies(sink_test ctk_lying_odbc)
target_compile_definitions(sink_test PRIVATE CTK_LYING_ODBC="$<TARGET_FILE:ctk_lying_odbc>")

if(EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
  add_executable(ctk src/cli/main.cc)
  target_link_libraries(ctk PRIVATE ${ctk_modules})
  if(NOT CTK_SANITIZE AND NOT CTK_SANITIZE_THREADS)
    target_link_libraries(ctk PRIVATE PkgConfig::jemalloc)  # a fifth of the CPU time a change
  endif()
  set_target_properties(ctk PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

  # The manual page and the completion scripts are printed by the program itself, from the tables that it parses by.
  include(GNUInstallDirs)
  set(ctk_share ${CMAKE_BINARY_DIR}/share)
  set(ctk_pages ${ctk_share}/ctk.1)
  add_custom_command(OUTPUT ${ctk_share}/ctk.1 COMMAND ${CMAKE_COMMAND} -E make_directory ${ctk_share}
                     COMMAND ctk man > ${ctk_share}/ctk.1 DEPENDS ctk VERBATIM)
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${ctk_share}/ctk.${shell} COMMAND ${CMAKE_COMMAND} -E make_directory ${ctk_share}
                       COMMAND ctk completion ${shell} > ${ctk_share}/ctk.${shell} DEPENDS ctk VERBATIM)
    list(APPEND ctk_pages ${ctk_share}/ctk.${shell})
  endforeach()
  add_custom_target(ctk_pages ALL DEPENDS ${ctk_pages})
  # Before anything is copied: half of an installation is worse than none.
  install(CODE "
    foreach(built ctk share/ctk.1 share/ctk.bash share/ctk.zsh share/ctk.fish)
      if(NOT EXISTS \"${CMAKE_BINARY_DIR}/\${built}\")
        message(FATAL_ERROR \"\${built} is not built yet: ./dev build first\")
      endif()
    endforeach()
    set(CMAKE_INSTALL_DO_STRIP TRUE)")
  install(TARGETS ctk RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${ctk_share}/ctk.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${ctk_share}/ctk.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ctk)
  install(FILES ${ctk_share}/ctk.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _ctk)
  install(FILES ${ctk_share}/ctk.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME ctk.fish)
endif()
