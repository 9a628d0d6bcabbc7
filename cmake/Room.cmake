# troupe_room(name SOURCES ... USES rooms... [LIBRARIES third-party targets...] [PCH headers...])
#
# Makes the static library troupe_<name> whose headers others include as "<name>/x.hpp" (or, for the rooms that implement
# contracts, "troupe/<name>/x.hpp"). Each room has an include root of its own in the build tree that holds nothing but a
# link to the room, and sees only the roots of the rooms in USES (and what those use): including another room's header
# does not compile. Third-party libraries in LIBRARIES are private to the room unless the room's headers name them
# (PUBLIC_LIBRARIES).
function(troupe_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES;PUBLIC_LIBRARIES;PCH" ${ARGN})
  set(target troupe_${name})
  set(root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root}/troupe)
  if(EXISTS ${CMAKE_SOURCE_DIR}/include/troupe/${name})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/troupe/${name} ${root}/troupe/${name} SYMBOLIC)
  endif()
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)
  list(TRANSFORM ROOM_USES PREPEND troupe_)
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    target_include_directories(${target} PUBLIC ${root})
    target_link_libraries(${target} PUBLIC ${ROOM_USES} ${ROOM_PUBLIC_LIBRARIES} PRIVATE ${ROOM_LIBRARIES})
    if(ROOM_PCH)
      target_precompile_headers(${target} PRIVATE ${ROOM_PCH})
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${root})
    target_link_libraries(${target} INTERFACE ${ROOM_USES} ${ROOM_PUBLIC_LIBRARIES})
  endif()
endfunction()

# troupe_test(name SOURCES ... USES rooms... [LIBRARIES ...] [LABELS ...] [TIMEOUT seconds])
# One GoogleTest program, registered with CTest as one test.
function(troupe_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;USES;LIBRARIES;LABELS" ${ARGN})
  list(TRANSFORM TEST_USES PREPEND troupe_)
  add_executable(${name} ${TEST_SOURCES})
  target_precompile_headers(${name} REUSE_FROM test_main)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${TEST_USES} ${TEST_LIBRARIES} test_main)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}"
    ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp")
endfunction()
