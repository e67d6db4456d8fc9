#include "fuzz/yaml_fuzz.c"

#include "fuzz/corpus_runner.h"

FG_CORPUS_MAIN("yaml")
