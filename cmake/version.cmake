# Run at build time with -P: writes OUTPUT from TEMPLATE with the commit of SOURCE, only if something changed, so that
# a new commit recompiles one small file.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(COMMIT "unknown")
else()
  execute_process(COMMAND git -C "${SOURCE}" status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND COMMIT ", with changes")
  endif()
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
