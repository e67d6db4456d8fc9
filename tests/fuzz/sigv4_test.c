#include "fuzz/sigv4_fuzz.c"

#include "fuzz/corpus_runner.h"

FG_CORPUS_MAIN("sigv4")
