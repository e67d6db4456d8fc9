/* What every test program needs of cmocka, in the order that cmocka wants it. */
#ifndef FG_TESTS_WORDS_H
#define FG_TESTS_WORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
