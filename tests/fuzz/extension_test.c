#include "fuzz/extension_fuzz.c"

#include "fuzz/corpus_runner.h"

FG_CORPUS_MAIN("extension")
