#include "fuzz/openapi_fuzz.c"

#include "fuzz/corpus_runner.h"

FG_CORPUS_MAIN("openapi")
