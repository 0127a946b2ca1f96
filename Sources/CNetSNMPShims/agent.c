#include "internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct cnetsnmp_agent {
    void *handle;
    int fd;
    uint16_t port;
    int fault;
    size_t max_message;
    uint8_t *community;
    size_t community_length;
    shim_identity identity;
    int received;   // a datagram came in this call
    int oversized;  // the answer of this call was larger than max_message
    int replying;   // this call sends an answer of ours, not a report of libsnmp's
    netsnmp_pdu *asked;
};

struct cnetsnmp_request {
    netsnmp_pdu *pdu;
    cnetsnmp_varbind *view;
    size_t count;
};

// ---- Transport ----

static int agent_receive(netsnmp_transport *transport, void *buffer, int size, void **opaque,
                         int *opaque_length) {
    cnetsnmp_agent *agent = shim_owner(transport);
    struct sockaddr_storage *sender = calloc(1, sizeof *sender);
    *opaque = NULL;
    *opaque_length = 0;
    if (!sender) return -1;
    socklen_t length = sizeof *sender;
    ssize_t count =
        recvfrom(agent->fd, buffer, (size_t)size, MSG_DONTWAIT, (struct sockaddr *)sender, &length);
    if (count >= 0 || errno != EAGAIN) agent->received = 1;
    if (count <= 0) {
        free(sender);
        return -1;
    }
    *opaque = sender; // freed by libsnmp with the message
    *opaque_length = (int)length;
    return (int)count;
}

static void send_from_other_port(cnetsnmp_agent *agent, const void *buffer, size_t size,
                                 const struct sockaddr *peer, socklen_t length) {
    (void)agent;
    int fd = socket(peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    sendto(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL, peer, length);
    close(fd);
}

static int agent_send(netsnmp_transport *transport, const void *buffer, int size, void **opaque,
                      int *opaque_length) {
    cnetsnmp_agent *agent = shim_owner(transport);
    if (!*opaque || *opaque_length <= 0) return size;
    const struct sockaddr *peer = *opaque;
    socklen_t length = (socklen_t)*opaque_length;
    if (agent->replying && (size_t)size > agent->max_message) {
        agent->oversized = 1;
        return size;
    }
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    switch (agent->fault) {
    case CNETSNMP_FAULT_GARBAGE: {
        uint8_t noise[64];
        for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(0xA7 ^ (i * 37));
        sendto(agent->fd, noise, sizeof noise, flags, peer, length);
        break;
    }
    case CNETSNMP_FAULT_TRUNCATED:
        sendto(agent->fd, buffer, (size_t)size / 2, flags, peer, length);
        break;
    case CNETSNMP_FAULT_DUPLICATE:
        sendto(agent->fd, buffer, (size_t)size, flags, peer, length);
        sendto(agent->fd, buffer, (size_t)size, flags, peer, length);
        break;
    case CNETSNMP_FAULT_OTHER_PORT:
        send_from_other_port(agent, buffer, (size_t)size, peer, length);
        break;
    default: sendto(agent->fd, buffer, (size_t)size, flags, peer, length);
    }
    return size;
}

static int agent_close(netsnmp_transport *transport) {
    (void)transport; // cnetsnmp_agent_close owns the socket
    return 0;
}

// ---- Requests ----

// A message and its clones each hold the v3 security state (counted, or a copy, by release).
// libsnmp gives it up with the answer it encodes and never with a request: that is for us.
static void free_state(netsnmp_pdu *pdu) {
    if (!pdu->securityStateRef) return;
    struct snmp_secmod_def *module = find_sec_mod(pdu->securityModel);
    if (module && module->pdu_free_state_ref) module->pdu_free_state_ref(pdu->securityStateRef);
    pdu->securityStateRef = NULL;
}

static int on_request(int operation, netsnmp_session *library, int number, netsnmp_pdu *pdu,
                      void *magic) {
    (void)number;
    (void)magic;
    cnetsnmp_agent *agent = library->callback_magic;
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu || agent->asked) return 1;
    if (pdu->command != SNMP_MSG_GET && pdu->command != SNMP_MSG_GETNEXT
        && pdu->command != SNMP_MSG_GETBULK && pdu->command != SNMP_MSG_SET) {
        return 1;
    }
    if (pdu->version == SNMP_VERSION_1 || pdu->version == SNMP_VERSION_2c) {
        if (!agent->community || pdu->community_len != agent->community_length
            || memcmp(pdu->community, agent->community, agent->community_length) != 0) {
            return 1;
        }
        if (pdu->version == SNMP_VERSION_1 && pdu->command == SNMP_MSG_GETBULK) return 1;
    } else if (pdu->version != SNMP_VERSION_3 || !agent->identity.user) {
        return 1;
    }
    agent->asked = snmp_clone_pdu(pdu);
    free_state(pdu);
    return 1;
}

static cnetsnmp_request *make_request(netsnmp_pdu *pdu) {
    cnetsnmp_request *request = calloc(1, sizeof *request);
    if (!request) return NULL;
    size_t count = 0;
    for (netsnmp_variable_list *v = pdu->variables; v; v = v->next_variable) count++;
    request->view = calloc(count ? count : 1, sizeof *request->view);
    if (!request->view) {
        free(request);
        return NULL;
    }
    request->pdu = pdu;
    request->count = count;
    netsnmp_variable_list *variable = pdu->variables;
    for (size_t i = 0; i < count; i++, variable = variable->next_variable) {
        shim_read_varbind(variable, &request->view[i]);
    }
    return request;
}

static void free_message(netsnmp_pdu *pdu) {
    free_state(pdu);
    snmp_free_pdu(pdu);
}

int cnetsnmp_agent_receive(cnetsnmp_agent *agent, cnetsnmp_request **out) {
    *out = NULL;
    shim_lock();
    agent->received = 0;
    agent->asked = NULL;
    shim_identity_enter(&agent->identity);
    snmp_sess_read2(agent->handle, shim_read_set());
    shim_identity_leave(&agent->identity);
    if (agent->asked) {
        *out = make_request(agent->asked);
        if (!*out) free_message(agent->asked);
        agent->asked = NULL;
    }
    shim_unlock();
    if (*out) return CNETSNMP_AGENT_REQUEST;
    return agent->received ? CNETSNMP_AGENT_DROPPED : CNETSNMP_AGENT_IDLE;
}

void cnetsnmp_request_question(cnetsnmp_request *request, cnetsnmp_question *out) {
    const netsnmp_pdu *pdu = request->pdu;
    *out = (cnetsnmp_question){
        .operation = pdu->command == SNMP_MSG_GETBULK   ? CNETSNMP_GETBULK
                     : pdu->command == SNMP_MSG_GETNEXT ? CNETSNMP_GETNEXT
                     : pdu->command == SNMP_MSG_SET     ? CNETSNMP_SET
                                                        : CNETSNMP_GET,
        .version = pdu->version == SNMP_VERSION_1    ? CNETSNMP_V1
                   : pdu->version == SNMP_VERSION_2c ? CNETSNMP_V2C
                                                     : CNETSNMP_V3,
        .varbinds = request->view,
        .count = request->count,
    };
    if (pdu->command == SNMP_MSG_GETBULK) {
        out->nonrepeaters = (int)pdu->non_repeaters;
        out->repetitions = (int)pdu->max_repetitions;
    }
}

void cnetsnmp_request_free(cnetsnmp_request *request) {
    shim_lock();
    free_message(request->pdu);
    shim_unlock();
    free(request->view);
    free(request);
}

// ---- Answers ----

int shim_add_varbind(netsnmp_pdu *pdu, const cnetsnmp_answer *answer, const uint32_t *arcs,
                     const uint8_t *octets) {
    oid name[CNETSNMP_MAX_ARCS], value[CNETSNMP_MAX_ARCS];
    if (answer->name_length > CNETSNMP_MAX_ARCS) return -1;
    for (uint32_t i = 0; i < answer->name_length; i++) name[i] = arcs[answer->name_offset + i];
    u_char type = ASN_NULL;
    const void *data = NULL;
    size_t length = 0;
    long integer = (long)answer->number;
    struct counter64 wide = {.high = (u_long)(answer->number >> 32),
                             .low = (u_long)(uint32_t)answer->number};
    float single = (float)answer->real;
    double real = answer->real;
    switch (answer->kind) {
    case CNETSNMP_INTEGER: type = ASN_INTEGER; break;
    case CNETSNMP_COUNTER32: type = ASN_COUNTER; break;
    case CNETSNMP_GAUGE32: type = ASN_GAUGE; break;
    case CNETSNMP_TIMETICKS: type = ASN_TIMETICKS; break;
    case CNETSNMP_COUNTER64: type = ASN_COUNTER64, data = &wide, length = sizeof wide; break;
    case CNETSNMP_FLOAT: type = ASN_OPAQUE_FLOAT, data = &single, length = sizeof single; break;
    case CNETSNMP_DOUBLE: type = ASN_OPAQUE_DOUBLE, data = &real, length = sizeof real; break;
    case CNETSNMP_OCTETS:
    case CNETSNMP_IP_ADDRESS:
        type = answer->kind == CNETSNMP_OCTETS ? ASN_OCTET_STR : ASN_IPADDRESS;
        data = octets + answer->data_offset;
        length = answer->data_length;
        break;
    case CNETSNMP_OBJECT_ID:
        if (answer->data_length > CNETSNMP_MAX_ARCS) return -1;
        for (uint32_t i = 0; i < answer->data_length; i++) {
            value[i] = arcs[answer->data_offset + i];
        }
        type = ASN_OBJECT_ID, data = value, length = answer->data_length * sizeof(oid);
        break;
    case CNETSNMP_NO_SUCH_OBJECT: type = SNMP_NOSUCHOBJECT; break;
    case CNETSNMP_NO_SUCH_INSTANCE: type = SNMP_NOSUCHINSTANCE; break;
    case CNETSNMP_END_OF_MIB_VIEW: type = SNMP_ENDOFMIBVIEW; break;
    default: break;
    }
    if (answer->kind >= CNETSNMP_INTEGER && answer->kind <= CNETSNMP_TIMETICKS) {
        data = &integer;
        length = sizeof integer;
    }
    return snmp_pdu_add_variable(pdu, name, answer->name_length, type, data, length) ? 0 : -1;
}

static int reply(cnetsnmp_agent *agent, cnetsnmp_request *request, int error_status,
                 int error_index, const cnetsnmp_answer *answers, size_t count,
                 const uint32_t *arcs, const uint8_t *octets) {
    netsnmp_pdu *pdu = snmp_clone_pdu(request->pdu);
    if (!pdu) return -1;
    pdu->command = SNMP_MSG_RESPONSE;
    pdu->flags &= ~(u_long)UCD_MSG_FLAG_EXPECT_RESPONSE;
    pdu->errstat = error_status;
    pdu->errindex = error_index;
    if (agent->fault == CNETSNMP_FAULT_WRONG_REQUEST_ID) pdu->reqid ^= 0x155;
    int emptied = error_status == SNMP_ERR_TOOBIG && pdu->version != SNMP_VERSION_1;
    if (error_status == 0 || emptied) {
        snmp_free_varbind(pdu->variables);
        pdu->variables = NULL;
    }
    if (error_status == 0) {
        for (size_t i = 0; i < count; i++) {
            if (shim_add_varbind(pdu, &answers[i], arcs, octets) != 0) {
                free_message(pdu);
                return -1;
            }
        }
    }
    agent->oversized = 0;
    agent->replying = 1;
    int sent = snmp_sess_send(agent->handle, pdu);
    agent->replying = 0;
    if (sent == 0) {
        snmp_free_pdu(pdu);
        return -1;
    }
    return agent->oversized ? 1 : 0;
}

int cnetsnmp_agent_reply(cnetsnmp_agent *agent, cnetsnmp_request *request, int error_status,
                         int error_index, const cnetsnmp_answer *answers, size_t count,
                         const uint32_t *arcs, const uint8_t *octets) {
    shim_lock();
    shim_identity_enter(&agent->identity);
    int result =
        reply(agent, request, error_status, error_index, answers, count, arcs, octets);
    shim_identity_leave(&agent->identity);
    shim_unlock();
    return result;
}

// ---- Opening and closing ----

static int bind_socket(const cnetsnmp_address *address, uint16_t *port) {
    const struct sockaddr *wanted = (const struct sockaddr *)address->bytes;
    int fd = socket(wanted->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    if (bind(fd, wanted, address->length) == 0
        && getsockname(fd, (struct sockaddr *)&bound, &length) == 0) {
        *port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                            : ntohs(((struct sockaddr_in *)&bound)->sin_port);
        return fd;
    }
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

static int make_agent_identity(cnetsnmp_agent *agent, const cnetsnmp_agent_config *config) {
    netsnmp_session template;
    snmp_sess_init(&template);
    if (shim_fill_user(&template, config->user, config->authentication, config->privacy,
                       &config->authentication_key, &config->privacy_key) != 0) {
        return -1;
    }
    u_char engine[USM_MAX_ID_LENGTH];
    template.securityEngineIDLen = snmpv3_get_engineID(engine, sizeof engine);
    template.securityEngineID = engine;
    return shim_identity_make(&agent->identity, &template);
}

static void *open_agent(cnetsnmp_agent *agent, const cnetsnmp_agent_config *config, int *kind) {
    *kind = CNETSNMP_OPEN_PROTOCOL;
    if (config->user && make_agent_identity(agent, config) != 0) return NULL;
    *kind = CNETSNMP_OPEN_LIBRARY;
    netsnmp_session template;
    snmp_sess_init(&template);
    template.version = SNMP_DEFAULT_VERSION; // whatever comes
    template.isAuthoritative = SNMP_SESS_AUTHORITATIVE;
    template.callback = on_request;
    template.callback_magic = agent;
    netsnmp_transport *transport = shim_transport(agent);
    if (!transport) return NULL;
    transport->f_recv = agent_receive;
    transport->f_send = agent_send;
    transport->f_close = agent_close;
    return snmp_sess_add(&template, transport, NULL, NULL);
}

static void dispose(cnetsnmp_agent *agent) {
    if (agent->fd >= 0) close(agent->fd);
    shim_identity_free(&agent->identity);
    free(agent->community);
    free(agent);
}

cnetsnmp_agent *cnetsnmp_agent_open(const cnetsnmp_address *address,
                                    const cnetsnmp_agent_config *config, int *kind,
                                    int *system_error) {
    *kind = CNETSNMP_OPEN_SOCKET;
    *system_error = ENOMEM;
    cnetsnmp_agent *agent = calloc(1, sizeof *agent);
    if (!agent) return NULL;
    agent->max_message = config->max_message;
    agent->fd = bind_socket(address, &agent->port);
    if (agent->fd < 0) {
        *system_error = errno;
        dispose(agent);
        return NULL;
    }
    if (config->community) {
        agent->community = malloc(config->community_length + 1);
        if (agent->community) {
            memcpy(agent->community, config->community, config->community_length);
            agent->community_length = config->community_length;
        }
    }
    shim_lock();
    agent->handle = open_agent(agent, config, kind);
    if (!agent->handle) {
        *system_error = snmp_errno;
        dispose(agent);
        agent = NULL;
    }
    shim_unlock();
    return agent;
}

void cnetsnmp_agent_close(cnetsnmp_agent *agent) {
    shim_lock();
    snmp_sess_close(agent->handle);
    dispose(agent);
    shim_unlock();
}

int cnetsnmp_agent_fd(cnetsnmp_agent *agent) { return agent->fd; }
uint16_t cnetsnmp_agent_port(cnetsnmp_agent *agent) { return agent->port; }
void cnetsnmp_agent_set_fault(cnetsnmp_agent *agent, int fault) { agent->fault = fault; }
