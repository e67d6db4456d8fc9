#include "screen.h"

#include <curses.h>
#include <locale.h>
#include <stdlib.h>

static SCREEN *screen;

bool fg_screen_open(void)
{
    (void)setlocale(LC_CTYPE, "");
    screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return false;
    (void)cbreak();
    (void)noecho();
    (void)keypad(stdscr, TRUE);
    (void)curs_set(0);
    return true;
}

void fg_screen_close(void)
{
    if (!screen)
        return;
    (void)endwin();
    delscreen(screen);
    screen = NULL;
}

size_t fg_screen_rows(void)
{
    return LINES > 0 ? (size_t)LINES : 0;
}

void fg_screen_show(const char *const *lines, size_t count, size_t bold)
{
    (void)erase();
    for (size_t i = 0; i < count && i < fg_screen_rows(); i++) {
        if (i == bold)
            (void)attron(A_REVERSE);
        (void)mvaddnstr((int)i, 0, lines[i], COLS);
        if (i == bold)
            (void)attroff(A_REVERSE);
    }
    (void)refresh();
}

int fg_screen_key(int timeout_ms)
{
    timeout(timeout_ms);
    int key = getch();
    return key == ERR || key == KEY_RESIZE ? FG_SCREEN_NO_KEY : key;
}
