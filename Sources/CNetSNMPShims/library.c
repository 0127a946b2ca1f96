#include "internal.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static pthread_mutex_t library_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static netsnmp_large_fd_set read_set;

static void initialize(void) {
    const int library = NETSNMP_DS_LIBRARY_ID;
    netsnmp_ds_set_boolean(library, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_boolean(library, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(library, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(library, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    // An empty list of MIBs through the library's own setter would still read the environment.
    setenv("MIBS", "", 1);
    netsnmp_set_mib_directory("");
    init_snmp("frostline");
    // Without any handler the library writes to stderr: give it one that writes nowhere.
    snmp_disable_log();
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
    netsnmp_large_fd_set_init(&read_set, FD_SETSIZE);
}

void shim_initialize(void) { pthread_once(&library_once, initialize); }

void shim_lock(void) {
    shim_initialize();
    pthread_mutex_lock(&library_mutex);
}

void shim_unlock(void) { pthread_mutex_unlock(&library_mutex); }

netsnmp_large_fd_set *shim_read_set(void) {
    netsnmp_large_fd_setfd(0, &read_set);
    return &read_set;
}

int64_t shim_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

netsnmp_transport *shim_transport(void *owner) {
    netsnmp_transport *transport = calloc(1, sizeof *transport);
    // The library frees `data` with the transport: it gets a box around the owner.
    void **box = malloc(sizeof *box);
    if (!transport || !box) {
        free(transport);
        free(box);
        return NULL;
    }
    *box = owner;
    transport->data = box;
    transport->data_length = sizeof *box;
    static const oid udp_domain[] = {1, 3, 6, 1, 6, 1, 1};
    transport->domain = udp_domain;
    transport->domain_length = sizeof udp_domain / sizeof udp_domain[0];
    transport->sock = 0;
    transport->msgMaxSize = 65507;
    return transport;
}

void *shim_owner(const netsnmp_transport *transport) { return *(void **)transport->data; }

int cnetsnmp_resolve(const char *host, uint16_t port, cnetsnmp_address *out, const char **reason) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    *reason = NULL;
    int result = getaddrinfo(host, NULL, &hints, &list);
    if (result != 0) {
        *reason = gai_strerror(result);
        return result;
    }
    memset(out, 0, sizeof *out);
    for (struct addrinfo *item = list; item; item = item->ai_next) {
        if (item->ai_addrlen > sizeof out->bytes) continue;
        memcpy(out->bytes, item->ai_addr, item->ai_addrlen);
        out->length = item->ai_addrlen;
        if (item->ai_family == AF_INET) {
            ((struct sockaddr_in *)out->bytes)->sin_port = htons(port);
        } else if (item->ai_family == AF_INET6) {
            ((struct sockaddr_in6 *)out->bytes)->sin6_port = htons(port);
        }
        break;
    }
    freeaddrinfo(list);
    if (out->length == 0) {
        *reason = "no address of a usable family";
        return -1;
    }
    return 0;
}

// ---- Keys and users ----

static int protocol(const char *name, int authentication, oid **out, size_t *length) {
    int type = authentication ? usm_lookup_auth_type(name) : usm_lookup_priv_type(name);
    if (type < 0) return -1;
    const oid *found =
        authentication ? sc_get_auth_oid(type, length) : sc_get_priv_oid(type, length);
    if (!found) return -1;
    *out = (oid *)found;
    return 0;
}

int cnetsnmp_derive_key(const char *name, const uint8_t *passphrase, size_t length,
                        cnetsnmp_key *out) {
    shim_initialize();
    oid *found;
    size_t found_length;
    if (protocol(name, 1, &found, &found_length) != 0) return -1;
    size_t key_length = sizeof out->bytes;
    memset(out, 0, sizeof *out);
    if (generate_Ku(found, found_length, passphrase, length, out->bytes, &key_length)
        != SNMPERR_SUCCESS) {
        return -2;
    }
    out->length = (uint32_t)key_length;
    return 0;
}

int shim_fill_user(netsnmp_session *session, const char *user, const char *authentication,
                   const char *privacy, const cnetsnmp_key *authentication_key,
                   const cnetsnmp_key *privacy_key) {
    session->version = SNMP_VERSION_3;
    session->securityModel = SNMP_SEC_MODEL_USM;
    session->securityName = (char *)user;
    session->securityNameLen = strlen(user);
    session->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
    // Where none is named the library takes its default, finds no key for it and makes no user.
    session->securityAuthProto = usmNoAuthProtocol;
    session->securityAuthProtoLen = sizeof usmNoAuthProtocol / sizeof usmNoAuthProtocol[0];
    session->securityPrivProto = usmNoPrivProtocol;
    session->securityPrivProtoLen = sizeof usmNoPrivProtocol / sizeof usmNoPrivProtocol[0];
    if (!authentication) return 0;
    session->securityLevel = SNMP_SEC_LEVEL_AUTHNOPRIV;
    if (protocol(authentication, 1, &session->securityAuthProto, &session->securityAuthProtoLen)
            != 0
        || authentication_key->length > sizeof session->securityAuthKey) {
        return -1;
    }
    memcpy(session->securityAuthKey, authentication_key->bytes, authentication_key->length);
    session->securityAuthKeyLen = authentication_key->length;
    if (!privacy) return 0;
    session->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
    if (protocol(privacy, 0, &session->securityPrivProto, &session->securityPrivProtoLen) != 0
        || privacy_key->length > sizeof session->securityPrivKey) {
        return -1;
    }
    memcpy(session->securityPrivKey, privacy_key->bytes, privacy_key->length);
    session->securityPrivKeyLen = privacy_key->length;
    return 0;
}

int shim_identity_make(shim_identity *identity, netsnmp_session *session) {
    if (session->securityEngineIDLen == 0
        || session->securityEngineIDLen > sizeof identity->engine) {
        return -1;
    }
    memcpy(identity->engine, session->securityEngineID, session->securityEngineIDLen);
    identity->engine_length = session->securityEngineIDLen;
    if (usm_create_user_from_session(session) != SNMPERR_SUCCESS) return -1;
    identity->user =
        usm_get_user(identity->engine, identity->engine_length, session->securityName);
    if (!identity->user) return -1;
    usm_remove_user(identity->user);
    u_char own[USM_MAX_ID_LENGTH];
    size_t own_length = snmpv3_get_engineID(own, sizeof own);
    identity->is_own_engine = own_length == identity->engine_length
                              && memcmp(own, identity->engine, own_length) == 0;
    return 0;
}

void shim_identity_enter(shim_identity *identity) {
    if (!identity->user) return;
    usm_add_user(identity->user);
    if (identity->is_own_engine) {
        // The library never learns a clock from an engine it takes for itself.
        set_enginetime(identity->engine, (u_int)identity->engine_length,
                       (u_int)snmpv3_local_snmpEngineBoots(),
                       (u_int)snmpv3_local_snmpEngineTime(), TRUE);
        return;
    }
    int64_t elapsed = shim_now_us() / 1000000 - identity->stamped_s;
    u_int time = identity->boots == 0 ? identity->time : identity->time + (u_int)elapsed;
    set_enginetime(identity->engine, (u_int)identity->engine_length, identity->boots, time, TRUE);
}

void shim_identity_leave(shim_identity *identity) {
    if (!identity->user) return;
    usm_remove_user(identity->user);
    if (identity->is_own_engine) return;
    u_int boots = 0, time = 0;
    if (get_enginetime(identity->engine, (u_int)identity->engine_length, &boots, &time, TRUE)
        == SNMPERR_SUCCESS) {
        identity->boots = boots;
        identity->time = time;
        identity->stamped_s = shim_now_us() / 1000000;
    }
}

void shim_identity_free(shim_identity *identity) {
    if (identity->user) usm_free_user(identity->user);
    identity->user = NULL;
}

// ---- Values ----

void shim_read_varbind(const netsnmp_variable_list *from, cnetsnmp_varbind *to) {
    memset(to, 0, sizeof *to);
    to->name = from->name;
    to->name_length =
        (uint32_t)(from->name_length > CNETSNMP_MAX_ARCS ? CNETSNMP_MAX_ARCS : from->name_length);
    switch (from->type) {
    case ASN_INTEGER:
        to->kind = CNETSNMP_INTEGER;
        to->number = from->val.integer ? (uint64_t)(int64_t)*from->val.integer : 0;
        return;
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
    case ASN_UINTEGER:
        to->kind = from->type == ASN_COUNTER     ? CNETSNMP_COUNTER32
                   : from->type == ASN_TIMETICKS ? CNETSNMP_TIMETICKS
                                                 : CNETSNMP_GAUGE32;
        to->number = from->val.integer ? (uint32_t)*from->val.integer : 0;
        return;
    case ASN_COUNTER64:
    case ASN_OPAQUE_COUNTER64:
    case ASN_OPAQUE_U64:
    case ASN_OPAQUE_I64:
        to->kind = from->type == ASN_OPAQUE_I64 ? CNETSNMP_INTEGER : CNETSNMP_COUNTER64;
        if (from->val.counter64) {
            to->number = ((uint64_t)(uint32_t)from->val.counter64->high << 32)
                         | (uint32_t)from->val.counter64->low;
        }
        return;
    case ASN_OPAQUE_FLOAT:
        to->kind = CNETSNMP_FLOAT;
        to->real = from->val.floatVal ? *from->val.floatVal : 0;
        return;
    case ASN_OPAQUE_DOUBLE:
        to->kind = CNETSNMP_DOUBLE;
        to->real = from->val.doubleVal ? *from->val.doubleVal : 0;
        return;
    case ASN_OBJECT_ID:
        to->kind = CNETSNMP_OBJECT_ID;
        to->arcs = from->val.objid;
        to->arcs_length = from->val.objid ? (uint32_t)(from->val_len / sizeof(oid)) : 0;
        if (to->arcs_length > CNETSNMP_MAX_ARCS) to->arcs_length = CNETSNMP_MAX_ARCS;
        return;
    case SNMP_NOSUCHOBJECT: to->kind = CNETSNMP_NO_SUCH_OBJECT; return;
    case SNMP_NOSUCHINSTANCE: to->kind = CNETSNMP_NO_SUCH_INSTANCE; return;
    case SNMP_ENDOFMIBVIEW: to->kind = CNETSNMP_END_OF_MIB_VIEW; return;
    case ASN_IPADDRESS:
    case ASN_OCTET_STR:
    case ASN_OPAQUE:
    case ASN_BIT_STR:
    case ASN_NSAP:
        to->kind = from->type == ASN_IPADDRESS ? CNETSNMP_IP_ADDRESS : CNETSNMP_OCTETS;
        to->octets = from->val.string;
        to->octets_length = from->val.string ? (uint32_t)from->val_len : 0;
        return;
    default: to->kind = CNETSNMP_NULL; return;
    }
}
