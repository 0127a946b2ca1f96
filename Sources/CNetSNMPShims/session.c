#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    uint64_t token; // 0: free
    int discovery;
    // One repeat after "not in time window" is how a clock is learned; a second report is an error.
    int resynchronized;
} pending_request;

typedef struct finished {
    struct finished *next;
    uint64_t token;
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

// ---- Transport ----

static int client_receive(netsnmp_transport *transport, void *buffer, int size, void **opaque,
                          int *opaque_length) {
    cnetsnmp_session *session = shim_owner(transport);
    *opaque = NULL;
    *opaque_length = 0;
    ssize_t count = recv(session->fd, buffer, (size_t)size, MSG_DONTWAIT);
    session->received_bytes = (int)count;
    if (count < 0) {
        // A refused port is no answer, and may be a device that is just starting: keep waiting.
        if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) {
            session->system_error = errno;
        }
        return -1;
    }
    if (count == 0) session->undecodable = 1;
    return count == 0 ? -1 : (int)count;
}

static int client_send(netsnmp_transport *transport, const void *buffer, int size, void **opaque,
                       int *opaque_length) {
    (void)opaque;
    (void)opaque_length;
    cnetsnmp_session *session = shim_owner(transport);
    ssize_t count = send(session->fd, buffer, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    // A connected socket reports the refusal of an earlier datagram here, once.
    if (count < 0 && errno == ECONNREFUSED) {
        count = send(session->fd, buffer, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (count >= 0) {
        session->sent++;
    } else if (errno != ECONNREFUSED) {
        session->system_error = errno;
    }
    // Told of a failure, libsnmp would call back from inside the call that sends. A lost datagram
    // is what its timer is for, and a route may come back before the last repeat.
    return size;
}

static int client_close(netsnmp_transport *transport) {
    (void)transport; // cnetsnmp_close owns the socket
    return 0;
}

// ---- Ends of requests ----

static pending_request *find_pending(cnetsnmp_session *session, uint64_t token) {
    for (int i = 0; i < CNETSNMP_MAX_PENDING; i++) {
        if (session->pending[i].token == token) return &session->pending[i];
    }
    return NULL;
}

static void finish(cnetsnmp_session *session, pending_request *request, int result, int detail,
                   netsnmp_pdu *pdu) {
    finished *item = calloc(1, sizeof *item);
    if (item) {
        item->token = request->token;
        item->result = result;
        item->detail = detail;
        if (pdu && result == CNETSNMP_OK && !request->discovery) {
            item->error_status = (int)pdu->errstat;
            item->error_index = (int)pdu->errindex;
            // Taken over, not copied: after the callback libsnmp only frees them.
            item->variables = pdu->variables;
            pdu->variables = NULL;
        }
        if (session->last) session->last->next = item;
        else session->first = item;
        session->last = item;
    }
    *request = (pending_request){0};
}

static int security_result(int code) {
    switch (code) {
    case SNMPERR_UNKNOWN_USER_NAME:
    case SNMPERR_USM_UNKNOWNSECURITYNAME: return CNETSNMP_UNKNOWN_USER;
    case SNMPERR_AUTHENTICATION_FAILURE:
    case SNMPERR_USM_AUTHENTICATIONFAILURE: return CNETSNMP_WRONG_DIGEST;
    case SNMPERR_NOT_IN_TIME_WINDOW:
    case SNMPERR_USM_NOTINTIMEWINDOW: return CNETSNMP_NOT_IN_TIME_WINDOW;
    case SNMPERR_DECRYPTION_ERR:
    case SNMPERR_USM_DECRYPTIONERROR: return CNETSNMP_DECRYPTION_ERROR;
    case SNMPERR_UNSUPPORTED_SEC_LEVEL:
    case SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL: return CNETSNMP_UNSUPPORTED_LEVEL;
    case SNMPERR_UNKNOWN_ENG_ID:
    case SNMPERR_USM_UNKNOWNENGINEID: return CNETSNMP_UNKNOWN_ENGINE;
    default: return CNETSNMP_PROTOCOL;
    }
}

static void finish_silent(cnetsnmp_session *session, pending_request *request) {
    if (session->undecodable) {
        int result = security_result(session->decode_error);
        if (result == CNETSNMP_PROTOCOL) result = CNETSNMP_UNDECODABLE;
        finish(session, request, result, session->decode_error, NULL);
    } else if (session->system_error) {
        finish(session, request, CNETSNMP_UNREACHABLE, session->system_error, NULL);
    } else {
        finish(session, request, CNETSNMP_TIMEOUT, 0, NULL);
    }
}

// Copies the engine identifier that a report brought. 0, or -1 if there is none.
static int adopt_engine(netsnmp_session *library, const netsnmp_pdu *pdu) {
    size_t length = pdu->securityEngineIDLen;
    if (length == 0 || length > USM_MAX_ID_LENGTH) return -1;
    free(library->securityEngineID);
    free(library->contextEngineID);
    library->securityEngineID = netsnmp_memdup(pdu->securityEngineID, length);
    library->contextEngineID = netsnmp_memdup(pdu->securityEngineID, length);
    library->securityEngineIDLen = library->securityEngineID ? length : 0;
    library->contextEngineIDLen = library->contextEngineID ? length : 0;
    return library->securityEngineIDLen && library->contextEngineIDLen ? 0 : -1;
}

// Called by libsnmp inside cnetsnmp_receive, _expire and snmp_sess_close, never by cnetsnmp_ask.
// `magic` is the token, so that a call for a request that is already finished (libsnmp reports a
// security error and then the end) finds nothing and touches nothing.
static int on_event(int operation, netsnmp_session *library, int number, netsnmp_pdu *pdu,
                    void *magic) {
    (void)number;
    cnetsnmp_session *session = library->callback_magic;
    if (session->closing) return 1;
    pending_request *request = find_pending(session, (uint64_t)(uintptr_t)magic);
    if (!request || !magic) return 1;
    switch (operation) {
    case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE: break;
    case NETSNMP_CALLBACK_OP_TIMED_OUT:
    case NETSNMP_CALLBACK_OP_SEND_FAILED: finish_silent(session, request); return 1;
    default: return 0;
    }
    if (!pdu || pdu->version != session->version) return 0;
    if (pdu->command == SNMP_MSG_REPORT) {
        if (request->discovery) {
            int adopted = adopt_engine(library, pdu);
            finish(session, request, adopted == 0 ? CNETSNMP_OK : CNETSNMP_PROTOCOL, 0, NULL);
            return 1;
        }
        int code = snmpv3_get_report_type(pdu);
        if (code == SNMPERR_NOT_IN_TIME_WINDOW && !request->resynchronized) {
            request->resynchronized = 1;
            return 1; // libsnmp now knows the clock and repeats the request itself
        }
        finish(session, request, security_result(code), code, NULL);
        return 1;
    }
    int answered = pdu->command == SNMP_MSG_RESPONSE && !request->discovery;
    finish(session, request, answered ? CNETSNMP_OK : CNETSNMP_PROTOCOL, 0, pdu);
    return 1;
}

// ---- Opening and closing ----

static void free_finished(finished *item) {
    if (!item) return;
    snmp_free_varbind(item->variables);
    free(item);
}

static void dispose(cnetsnmp_session *session) {
    if (session->fd >= 0) close(session->fd);
    while (session->first) {
        finished *item = session->first;
        session->first = item->next;
        free_finished(item);
    }
    free_finished(session->current);
    free(session->view);
    shim_identity_free(&session->identity);
    free(session);
}

static int connect_socket(const cnetsnmp_address *peer) {
    const struct sockaddr *address = (const struct sockaddr *)peer->bytes;
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, address, peer->length) == 0) return fd;
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

static void *open_handle(cnetsnmp_session *session, const cnetsnmp_config *config, int *kind) {
    netsnmp_session template;
    snmp_sess_init(&template);
    template.retries = config->retries;
    template.timeout = config->timeout_us;
    template.callback = on_event;
    template.callback_magic = session;
    // The library's own discovery waits for the answer: it would stop the whole thread.
    template.flags |= SNMP_FLAGS_DONT_PROBE;
    *kind = CNETSNMP_OPEN_PROTOCOL;
    if (config->version == CNETSNMP_V3) {
        if (!config->user
            || shim_fill_user(&template, config->user, config->authentication, config->privacy,
                              &config->authentication_key, &config->privacy_key) != 0) {
            return NULL;
        }
    } else {
        template.version = config->version == CNETSNMP_V1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
        template.community = (u_char *)config->community;
        template.community_len = config->community_length;
    }
    session->version = (int)template.version;
    *kind = CNETSNMP_OPEN_LIBRARY;
    netsnmp_transport *transport = shim_transport(session);
    if (!transport) return NULL;
    transport->f_recv = client_receive;
    transport->f_send = client_send;
    transport->f_close = client_close;
    void *handle = snmp_sess_add(&template, transport, NULL, NULL); // frees it when it fails
    if (handle) snmp_sess_session(handle)->flags |= SNMP_FLAGS_DONT_PROBE;
    return handle;
}

cnetsnmp_session *cnetsnmp_open(const cnetsnmp_config *config, int *kind, int *system_error) {
    *kind = CNETSNMP_OPEN_SOCKET;
    *system_error = ENOMEM;
    cnetsnmp_session *session = calloc(1, sizeof *session);
    if (!session) return NULL;
    session->identity.follows_clock = 1;
    session->fd = connect_socket(&config->peer);
    if (session->fd < 0) {
        *system_error = errno;
        free(session);
        return NULL;
    }
    shim_lock();
    session->handle = open_handle(session, config, kind);
    if (!session->handle) *system_error = snmp_errno;
    shim_unlock();
    if (session->handle) return session;
    dispose(session);
    return NULL;
}

void cnetsnmp_close(cnetsnmp_session *session) {
    session->closing = 1;
    shim_lock();
    snmp_sess_close(session->handle);
    dispose(session);
    shim_unlock();
}

int cnetsnmp_fd(cnetsnmp_session *session) { return session->fd; }
uint64_t cnetsnmp_sent(cnetsnmp_session *session) { return session->sent; }

// ---- Asking ----

static int begin(cnetsnmp_session *session, uint64_t token, int discovery) {
    int slot = -1, busy = 0;
    for (int i = 0; i < CNETSNMP_MAX_PENDING; i++) {
        if (session->pending[i].token == 0) slot = i;
        else busy = 1;
    }
    if (slot < 0 || token == 0) return -1;
    if (!busy) {
        session->undecodable = 0;
        session->decode_error = 0;
        session->system_error = 0;
    }
    session->pending[slot] = (pending_request){.token = token, .discovery = discovery};
    return 0;
}

static int dispatch(cnetsnmp_session *session, netsnmp_pdu *pdu, uint64_t token, int discovery) {
    if (begin(session, token, discovery) != 0) {
        snmp_free_pdu(pdu);
        return -1;
    }
    shim_identity_enter(&session->identity);
    int number =
        snmp_sess_async_send(session->handle, pdu, on_event, (void *)(uintptr_t)token);
    shim_identity_leave(&session->identity);
    if (number != 0) return 0;
    // Only encoding can have failed (client_send never does): the message is still ours.
    snmp_free_pdu(pdu);
    pending_request *request = find_pending(session, token);
    if (request) *request = (pending_request){0};
    return -1;
}

int cnetsnmp_ask(cnetsnmp_session *session, int operation, uint64_t token, const uint32_t *arcs,
                 const uint8_t *lengths, size_t count, int nonrepeaters, int repetitions) {
    int command = operation == CNETSNMP_GETBULK   ? SNMP_MSG_GETBULK
                  : operation == CNETSNMP_GETNEXT ? SNMP_MSG_GETNEXT
                                                  : SNMP_MSG_GET;
    shim_lock();
    netsnmp_pdu *pdu = snmp_pdu_create(command);
    if (!pdu) {
        shim_unlock();
        return -1;
    }
    if (command == SNMP_MSG_GETBULK) {
        pdu->non_repeaters = nonrepeaters;
        pdu->max_repetitions = repetitions;
    }
    oid name[CNETSNMP_MAX_ARCS];
    for (size_t i = 0; i < count; i++) {
        size_t length = lengths[i] > CNETSNMP_MAX_ARCS ? CNETSNMP_MAX_ARCS : lengths[i];
        for (size_t arc = 0; arc < length; arc++) name[arc] = arcs[arc];
        snmp_add_null_var(pdu, name, length);
        arcs += lengths[i];
    }
    int result = dispatch(session, pdu, token, 0);
    shim_unlock();
    return result;
}

int cnetsnmp_discover(cnetsnmp_session *session, uint64_t token) {
    shim_lock();
    // RFC 3414, section 4: no user, no authentication, no variables; the answer is a report.
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
    int result = -1;
    if (pdu) {
        pdu->version = SNMP_VERSION_3;
        pdu->securityName = strdup("");
        pdu->securityNameLen = 0;
        pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
        pdu->securityModel = SNMP_SEC_MODEL_USM;
        result = dispatch(session, pdu, token, 1);
    }
    shim_unlock();
    return result;
}

// ---- Receiving ----

static void learn_identity(cnetsnmp_session *session) {
    netsnmp_session *library = snmp_sess_session(session->handle);
    if (session->identity.user || library->securityEngineIDLen == 0) return;
    shim_identity_make(&session->identity, library);
}

int cnetsnmp_receive(cnetsnmp_session *session) {
    shim_lock();
    session->received_bytes = -1;
    shim_identity_enter(&session->identity);
    int result = snmp_sess_read2(session->handle, shim_read_set());
    shim_identity_leave(&session->identity);
    int received = session->received_bytes >= 0;
    if (received && result != 0 && session->received_bytes > 0) {
        session->undecodable = 1;
        session->decode_error = snmp_sess_session(session->handle)->s_snmp_errno;
    }
    if (session->version == SNMP_VERSION_3) learn_identity(session);
    shim_unlock();
    return received;
}

void cnetsnmp_expire(cnetsnmp_session *session) {
    shim_lock();
    shim_identity_enter(&session->identity);
    snmp_sess_timeout(session->handle);
    shim_identity_leave(&session->identity);
    shim_unlock();
}

int64_t cnetsnmp_next_deadline_us(cnetsnmp_session *session) {
    int count = 0, block = 1;
    struct timeval time = {0, 0};
    shim_lock();
    snmp_sess_select_info2_flags(session->handle, &count, shim_read_set(), &time, &block,
                                 NETSNMP_SELECT_NOALARMS);
    shim_unlock();
    return block ? -1 : (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int cnetsnmp_next_event(cnetsnmp_session *session, cnetsnmp_event *out) {
    free_finished(session->current);
    finished *item = session->first;
    session->current = item;
    if (!item) return 0;
    session->first = item->next;
    if (!session->first) session->last = NULL;
    size_t count = 0;
    for (netsnmp_variable_list *v = item->variables; v; v = v->next_variable) count++;
    if (count > CNETSNMP_MAX_VARBINDS) {
        item->result = CNETSNMP_PROTOCOL;
        count = 0;
    }
    if (count > session->view_capacity) {
        free(session->view);
        session->view = malloc(count * sizeof *session->view);
        session->view_capacity = session->view ? count : 0;
        if (!session->view) count = 0;
    }
    netsnmp_variable_list *variable = item->variables;
    for (size_t i = 0; i < count; i++, variable = variable->next_variable) {
        shim_read_varbind(variable, &session->view[i]);
    }
    *out = (cnetsnmp_event){
        .token = item->token,
        .result = item->result,
        .detail = item->detail,
        .error_status = item->error_status,
        .error_index = item->error_index,
        .varbinds = session->view,
        .count = count,
    };
    return 1;
}
