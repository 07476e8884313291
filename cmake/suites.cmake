# The suites beside the modules' own tests: benchmarks, fuzzers, lint, black-box tests.
foreach(folder bench tests)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${folder})
  endif()
endforeach()
