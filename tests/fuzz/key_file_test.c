#include "fuzz/key_file_fuzz.c"

#include "fuzz/corpus_runner.h"

FG_CORPUS_MAIN("key_file")
