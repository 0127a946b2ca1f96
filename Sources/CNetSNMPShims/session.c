#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

// ---- Opening and closing ----

static void dispose(cnetsnmp_session *session) {
    if (session->fd >= 0) close(session->fd);
    while (session->first) {
        finished *item = session->first;
        session->first = item->next;
        shim_free_finished(item);
    }
    shim_free_finished(session->current);
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
    template.callback = shim_on_event;
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
        snmp_sess_async_send(session->handle, pdu, shim_on_event, (void *)(uintptr_t)token);
    shim_identity_leave(&session->identity);
    if (number != 0) return 0;
    // Only encoding can have failed (client_send never does): the message is still ours.
    snmp_free_pdu(pdu);
    pending_request *request = shim_find_pending(session, token);
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

int cnetsnmp_inform(cnetsnmp_session *session, uint64_t token, const cnetsnmp_answer *variables,
                    size_t count, const uint32_t *arcs, const uint8_t *octets) {
    int result = -1;
    shim_lock();
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_INFORM);
    if (pdu) {
        size_t added = 0;
        while (added < count && shim_add_varbind(pdu, &variables[added], arcs, octets) == 0) {
            added++;
        }
        if (added == count) result = dispatch(session, pdu, token, 0);
        else snmp_free_pdu(pdu);
    }
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
    if (shim_identity_make(&session->identity, library) == 0) return;
    // No engine has such an identifier: forget it, so that discovery can be tried again.
    free(library->securityEngineID);
    free(library->contextEngineID);
    library->securityEngineID = library->contextEngineID = NULL;
    library->securityEngineIDLen = library->contextEngineIDLen = 0;
    library->flags &= ~(u_long)SNMP_FLAGS_USER_CREATED;
    for (finished *item = session->first; item; item = item->next) {
        if (item->discovery && item->result == CNETSNMP_OK) item->result = CNETSNMP_PROTOCOL;
    }
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
