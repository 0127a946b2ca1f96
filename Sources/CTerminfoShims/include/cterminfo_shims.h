/* Terminal capabilities from terminfo, and what of termios and signals Swift cannot say. The curses
   headers define macros such as `columns` and `lines` and stay in the .c file. */
#ifndef CTERMINFO_SHIMS_H
#define CTERMINFO_SHIMS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Loads the description of `name` for descriptor `fd`. 1 found, 0 unknown, -1 no database.
   The corresponding C function is setupterm. One thread at a time. */
int32_t cterminfo_load(const char *_Nonnull name, int32_t fd);
/* A number such as `colors`; -1 where the terminal has none. (tigetnum) */
int32_t cterminfo_number(const char *_Nonnull name);
/* 1 where the terminal has the flag. (tigetflag) */
int32_t cterminfo_flag(const char *_Nonnull name);
/* Copies a capability such as `smcup`, without padding, and returns its length, 0 where the terminal
   has none or `capacity` is too small. (tigetstr) */
size_t cterminfo_string(const char *_Nonnull name, char *_Nonnull buffer, size_t capacity);
/* The same for a capability with two numbers, such as `cup` or `setaf`. (tparm) */
size_t cterminfo_expanded(const char *_Nonnull name, int32_t first, int32_t second,
                          char *_Nonnull buffer, size_t capacity);

/* Puts the terminal on `fd` into raw mode, keeping what it was. 0, or an errno. Signals keys are
   read as bytes. Only one terminal at a time. */
int32_t cterminfo_raw_begin(int32_t fd);
/* Bytes written to the terminal when it is given back, on every path: show the cursor, leave the
   alternate screen. Copied; at most 256 bytes. */
void cterminfo_set_farewell(const char *_Nonnull bytes, size_t count);
/* Gives the terminal back. Async-signal-safe, and harmless when called again. */
void cterminfo_raw_end(void);

/* Installs handlers: SIGWINCH and SIGCONT write a byte to a pipe whose reading end is returned;
   SIGTERM, SIGINT, SIGHUP and SIGQUIT write another; faults (SIGSEGV, SIGBUS, SIGILL, SIGFPE,
   SIGABRT, SIGTRAP) give the terminal back and then happen as before. -1 on failure. */
int32_t cterminfo_watch_signals(void);
/* Puts the handlers back that were there before. */
void cterminfo_unwatch_signals(void);

/* Columns and rows of the terminal; 0, or an errno. */
int32_t cterminfo_size(int32_t fd, int32_t *_Nonnull columns, int32_t *_Nonnull rows);

#ifdef __cplusplus
}
#endif
#endif
