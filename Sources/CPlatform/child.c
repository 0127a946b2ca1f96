#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int in,
                   int out) {
    int error = posix_spawn_file_actions_adddup2(actions, in, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, out, 1);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, out, 2);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (!error) error = posix_spawn_file_actions_addchdir_np(actions, "/");
    if (!error) {
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
    // Ours are blocked or ignored on purpose; the program starts as any other.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
    return error ? error : posix_spawnattr_setsigdefault(attributes, &all);
}

static void close_both(const int *pair) {
    close(pair[0]);
    close(pair[1]);
}

int32_t cplatform_spawn(const char *const *arguments, const char *const *environment,
                        int32_t *input, int32_t *output) {
    int in[2], out[2];
    // Writing to a socket need not raise SIGPIPE when the program does not read.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) return -errno;
    if (pipe2(out, O_CLOEXEC) != 0) {
        int error = errno;
        close_both(in);
        return -error;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    pid_t child = 0;
    int error = prepare(&actions, &attributes, in[0], out[1]);
    if (!error) {
        error = posix_spawn(&child, arguments[0], &actions, &attributes,
                            (char *const *)arguments, (char *const *)environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(in[0]);
    close(out[1]);
    if (error) {
        close(in[1]);
        close(out[0]);
        return -error;
    }
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    *input = in[1];
    *output = out[0];
    return child;
}
