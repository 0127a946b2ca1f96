#define _GNU_SOURCE
#include "cterminfo_shims.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* curses.h and term.h define these as macros. */
#undef columns
#undef lines

int32_t cterminfo_load(const char *name, int32_t fd) {
  int status = -1;
  if (setupterm((char *)name, fd, &status) == OK) return 1;
  return status;
}

int32_t cterminfo_number(const char *name) {
  int value = tigetnum((char *)name);
  return value < 0 ? -1 : value;
}

int32_t cterminfo_flag(const char *name) { return tigetflag((char *)name) > 0; }

/* Copies without `$<5>` padding, which only real glass terminals needed. */
static size_t copy_without_padding(const char *text, char *buffer, size_t capacity) {
  size_t used = 0;
  while (*text != 0) {
    if (text[0] == '$' && text[1] == '<') {
      const char *end = strchr(text, '>');
      if (end != NULL) {
        text = end + 1;
        continue;
      }
    }
    if (used >= capacity) return 0;
    buffer[used++] = *text++;
  }
  return used;
}

size_t cterminfo_string(const char *name, char *buffer, size_t capacity) {
  char *text = tigetstr((char *)name);
  if (text == NULL || text == (char *)-1) return 0;
  return copy_without_padding(text, buffer, capacity);
}

size_t cterminfo_expanded(const char *name, int32_t first, int32_t second, char *buffer,
                          size_t capacity) {
  char *text = tigetstr((char *)name);
  if (text == NULL || text == (char *)-1) return 0;
  char *expanded = tparm(text, (long)first, (long)second, 0L, 0L, 0L, 0L, 0L, 0L, 0L);
  return expanded == NULL ? 0 : copy_without_padding(expanded, buffer, capacity);
}

static struct termios before;
static volatile sig_atomic_t raw_fd = -1;
static char farewell[256];
static volatile sig_atomic_t farewell_count = 0;

int32_t cterminfo_raw_begin(int32_t fd) {
  if (tcgetattr(fd, &before) != 0) return errno;
  struct termios raw = before;
  cfmakeraw(&raw);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr(fd, TCSAFLUSH, &raw) != 0) return errno;
  raw_fd = fd;
  return 0;
}

void cterminfo_set_farewell(const char *bytes, size_t count) {
  if (count > sizeof farewell) count = sizeof farewell;
  memcpy(farewell, bytes, count);
  farewell_count = (sig_atomic_t)count;
}

void cterminfo_raw_end(void) {
  int saved = errno;
  int fd = raw_fd;
  raw_fd = -1;
  if (fd >= 0) {
    if (farewell_count > 0) {
      ssize_t ignored = write(fd, farewell, (size_t)farewell_count);
      (void)ignored;
    }
    tcsetattr(fd, TCSADRAIN, &before);
  }
  errno = saved;
}

static int signal_pipe[2] = {-1, -1};
static const int watched[] = {SIGWINCH, SIGCONT, SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGSEGV,
                              SIGBUS,   SIGILL,  SIGFPE,  SIGABRT, SIGTRAP};
enum { watched_count = sizeof watched / sizeof watched[0], first_fault = 6 };
static struct sigaction previous[watched_count];
static sigset_t previous_mask;
static int watching = 0;

static void notice(int number) {
  int saved = errno;
  char byte = number == SIGWINCH || number == SIGCONT ? 'r' : 'q';
  ssize_t ignored = write(signal_pipe[1], &byte, 1);
  (void)ignored;
  errno = saved;
}

static void fault(int number) {
  cterminfo_raw_end();
  for (int i = first_fault; i < watched_count; i++)
    if (watched[i] == number) sigaction(number, &previous[i], NULL);
  raise(number);
}

int32_t cterminfo_watch_signals(void) {
  if (watching) return signal_pipe[0];
  if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  sigset_t open_signals;
  sigemptyset(&open_signals);
  for (int i = 0; i < watched_count; i++) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = i < first_fault ? notice : fault;
    action.sa_flags = i < first_fault ? SA_RESTART : SA_NODEFER;
    sigfillset(&action.sa_mask);
    if (sigaction(watched[i], &action, &previous[i]) != 0) return -1;
    if (i < first_fault) sigaddset(&open_signals, watched[i]);
  }
  /* The program may have blocked termination for its other threads: this thread hears it. */
  pthread_sigmask(SIG_UNBLOCK, &open_signals, &previous_mask);
  watching = 1;
  return signal_pipe[0];
}

void cterminfo_unwatch_signals(void) {
  if (!watching) return;
  pthread_sigmask(SIG_SETMASK, &previous_mask, NULL);
  for (int i = 0; i < watched_count; i++) sigaction(watched[i], &previous[i], NULL);
  watching = 0;
}

int32_t cterminfo_size(int32_t fd, int32_t *width, int32_t *height) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return errno;
  *width = size.ws_col;
  *height = size.ws_row;
  return 0;
}
