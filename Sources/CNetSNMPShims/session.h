// A session from the inside: shared by session.c (sending, receiving) and events.c (the ends of
// requests).
#ifndef FROSTLINE_CNETSNMPSHIMS_SESSION_H
#define FROSTLINE_CNETSNMPSHIMS_SESSION_H

#include "internal.h"

typedef struct {
    uint64_t token; // 0: free
    int discovery;
    // One repeat after "not in time window" is how a clock is learned; a second report is an error.
    int resynchronized;
} pending_request;

typedef struct finished {
    struct finished *next;
    uint64_t token;
    int discovery;
    int result, detail, error_status, error_index;
    netsnmp_variable_list *variables;
} finished;

struct cnetsnmp_session {
    void *handle;
    int fd;
    int closing;
    int version;
    uint64_t sent;
    pending_request pending[CNETSNMP_MAX_PENDING];
    finished *first, *last, *current;
    cnetsnmp_varbind *view;
    size_t view_capacity;
    shim_identity identity;
    // Since the last request was sent with nothing else in flight:
    int received_bytes; // of the latest datagram
    int undecodable;
    int decode_error;
    int system_error;
};

pending_request *shim_find_pending(cnetsnmp_session *session, uint64_t token);
int shim_on_event(int operation, netsnmp_session *library, int number, netsnmp_pdu *pdu,
                  void *magic);
void shim_free_finished(finished *item);

#endif
