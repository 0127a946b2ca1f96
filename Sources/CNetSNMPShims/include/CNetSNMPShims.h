#ifndef FROSTLINE_CNETSNMPSHIMS_H
#define FROSTLINE_CNETSNMPSHIMS_H

// libsnmp behind plain C types. No net-snmp header is visible through this file: they clash with
// Glibc's fd_set in Swift. There is no function that sends a SET, and none can be built from these.
//
// Threads. libsnmp keeps its user table, engine clocks, request numbers and last error in globals,
// and Debian builds it without locks. Every function here that enters libsnmp holds one mutex for
// the time of the call, so sessions and agents may live on different threads of one process; each
// single session or agent belongs to one thread. The price is that two threads never encode or
// decode at the same moment: some 10 microseconds a message.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct cnetsnmp_session cnetsnmp_session;
typedef struct cnetsnmp_agent cnetsnmp_agent;
typedef struct cnetsnmp_request cnetsnmp_request;

// A resolved UDP address (a sockaddr_in or sockaddr_in6).
typedef struct {
    uint8_t bytes[28];
    uint32_t length;
} cnetsnmp_address;

// Resolves a name or numeric address; blocks while a name server is asked.
// Returns 0, or a getaddrinfo error whose text is `*reason`.
int cnetsnmp_resolve(const char *host, uint16_t port, cnetsnmp_address *out,
                     const char *_Nullable *_Nonnull reason);

enum {
    CNETSNMP_V1 = 1,
    CNETSNMP_V2C = 2,
    CNETSNMP_V3 = 3,
};

// A master key (RFC 3414, A.2: password to key, before localization).
enum { CNETSNMP_KEY_CAPACITY = 64 };
typedef struct {
    uint8_t bytes[CNETSNMP_KEY_CAPACITY];
    uint32_t length;
} cnetsnmp_key;

// Hashes a megabyte: milliseconds. Does not take the mutex. `protocol` is MD5, SHA or SHA-224 to
// SHA-512. 0 on success, -1 for an unknown protocol, -2 where the library refuses (passphrase under
// 8 bytes).
int cnetsnmp_derive_key(const char *protocol, const uint8_t *passphrase, size_t length,
                        cnetsnmp_key *out);

typedef struct {
    cnetsnmp_address peer;
    int version;
    // v1 and v2c.
    const uint8_t *_Nullable community;
    size_t community_length;
    // v3; a protocol is NULL where that service is not used.
    const char *_Nullable user;
    const char *_Nullable authentication;
    const char *_Nullable privacy; // DES, AES
    cnetsnmp_key authentication_key;
    cnetsnmp_key privacy_key;
    int64_t timeout_us;
    int retries;
} cnetsnmp_config;

enum {
    CNETSNMP_OPEN_SOCKET = 1,  // errno in *system_error
    CNETSNMP_OPEN_LIBRARY = 2, // libsnmp's own code in *system_error
    CNETSNMP_OPEN_PROTOCOL = 3, // unknown authentication or privacy protocol
};

// Opens a session on a connected socket of its own: the kernel drops datagrams of other senders.
// NULL on failure, with one of CNETSNMP_OPEN_… in *kind.
cnetsnmp_session *_Nullable cnetsnmp_open(const cnetsnmp_config *config, int *kind,
                                          int *system_error);
void cnetsnmp_close(cnetsnmp_session *session);

int cnetsnmp_fd(cnetsnmp_session *session);
// Datagrams sent since opening, repeats included.
uint64_t cnetsnmp_sent(cnetsnmp_session *session);
// Microseconds until cnetsnmp_expire has something to do; 0 if overdue, -1 if nothing is pending.
int64_t cnetsnmp_next_deadline_us(cnetsnmp_session *session);

enum {
    CNETSNMP_GET = 1,
    CNETSNMP_GETNEXT = 2,
    CNETSNMP_GETBULK = 3,
};
enum {
    // Requests in flight per session.
    CNETSNMP_MAX_PENDING = 8,
    // Variables taken from one message; more make it a bad reply.
    CNETSNMP_MAX_VARBINDS = 4096,
    CNETSNMP_MAX_ARCS = 128,
};

// Asks. `arcs` holds the object identifiers one after the other, `lengths` how many arcs each has.
// 0 if sent; -1 if it could not be encoded or too many are pending. `token` is not 0.
int cnetsnmp_ask(cnetsnmp_session *session, int operation, uint64_t token, const uint32_t *arcs,
                 const uint8_t *lengths, size_t count, int nonrepeaters, int repetitions);
// Notifies: an InformRequest, which changes nothing at the receiver and is answered by it.
// Variables as in cnetsnmp_agent_reply; the first two are sysUpTime.0 and snmpTrapOID.0.
typedef struct cnetsnmp_answer cnetsnmp_answer;
int cnetsnmp_inform(cnetsnmp_session *session, uint64_t token, const cnetsnmp_answer *variables,
                    size_t count, const uint32_t *arcs, const uint8_t *octets);
// v3: asks for the engine identifier; must have ended with CNETSNMP_OK before cnetsnmp_ask.
int cnetsnmp_discover(cnetsnmp_session *session, uint64_t token);

// Takes one datagram from the socket, if there is one: 1, else 0.
int cnetsnmp_receive(cnetsnmp_session *session);
// Repeats or gives up what is overdue.
void cnetsnmp_expire(cnetsnmp_session *session);

enum {
    CNETSNMP_OK = 0,
    CNETSNMP_TIMEOUT = 1,
    // Nothing could be sent, or a router says there is no way; errno in `detail`.
    CNETSNMP_UNREACHABLE = 2,
    // v3 reports (RFC 3414, section 3.2), and clocks or keys that libsnmp refused itself.
    CNETSNMP_UNKNOWN_USER = 3,
    CNETSNMP_WRONG_DIGEST = 4,
    CNETSNMP_NOT_IN_TIME_WINDOW = 5,
    CNETSNMP_DECRYPTION_ERROR = 6,
    CNETSNMP_UNSUPPORTED_LEVEL = 7,
    CNETSNMP_UNKNOWN_ENGINE = 8,
    // Only undecodable datagrams came.
    CNETSNMP_UNDECODABLE = 9,
    // Decodable, but no response to a request; libsnmp's report code in `detail`.
    CNETSNMP_PROTOCOL = 10,
};

enum {
    CNETSNMP_INTEGER = 1,
    CNETSNMP_COUNTER32,
    CNETSNMP_GAUGE32,
    CNETSNMP_TIMETICKS,
    CNETSNMP_COUNTER64,
    CNETSNMP_OCTETS,
    CNETSNMP_OBJECT_ID,
    CNETSNMP_IP_ADDRESS,
    CNETSNMP_FLOAT,
    CNETSNMP_DOUBLE,
    CNETSNMP_NULL,
    CNETSNMP_NO_SUCH_OBJECT,
    CNETSNMP_NO_SUCH_INSTANCE,
    CNETSNMP_END_OF_MIB_VIEW,
};

typedef struct {
    const unsigned long *_Nullable name;
    uint32_t name_length;
    int32_t kind;
    // INTEGER as two's complement; the unsigned kinds as they are.
    uint64_t number;
    double real;
    const uint8_t *_Nullable octets;
    uint32_t octets_length;
    const unsigned long *_Nullable arcs;
    uint32_t arcs_length;
} cnetsnmp_varbind;

typedef struct {
    uint64_t token;
    int result;
    int detail;
    int error_status;
    int error_index;
    const cnetsnmp_varbind *_Nullable varbinds;
    size_t count;
} cnetsnmp_event;

// The next finished request: 1 and *out, else 0. Pointers in *out are valid until the next call.
int cnetsnmp_next_event(cnetsnmp_session *session, cnetsnmp_event *out);

// ---- The answering side, for simulated devices. ----

typedef struct {
    // v1 and v2c; an agent without a community answers no v1 or v2c request.
    const uint8_t *_Nullable community;
    size_t community_length;
    // v3, authoritative; as in cnetsnmp_config. NULL: v3 requests are not answered.
    const char *_Nullable user;
    const char *_Nullable authentication;
    const char *_Nullable privacy;
    cnetsnmp_key authentication_key;
    cnetsnmp_key privacy_key;
    // Largest message it sends; 484 is what every device must manage (RFC 3417, 3.2).
    size_t max_message;
} cnetsnmp_agent_config;

// Binds `address` (port 0: any) and answers what it is asked.
cnetsnmp_agent *_Nullable cnetsnmp_agent_open(const cnetsnmp_address *address,
                                              const cnetsnmp_agent_config *config, int *kind,
                                              int *system_error);
void cnetsnmp_agent_close(cnetsnmp_agent *agent);
int cnetsnmp_agent_fd(cnetsnmp_agent *agent);
uint16_t cnetsnmp_agent_port(cnetsnmp_agent *agent);

enum {
    CNETSNMP_FAULT_NONE = 0,
    CNETSNMP_FAULT_GARBAGE = 1,
    CNETSNMP_FAULT_TRUNCATED = 2,
    CNETSNMP_FAULT_DUPLICATE = 5,
    CNETSNMP_FAULT_WRONG_REQUEST_ID = 3,
    CNETSNMP_FAULT_OTHER_PORT = 4,
};
void cnetsnmp_agent_set_fault(cnetsnmp_agent *agent, int fault);

enum {
    CNETSNMP_AGENT_IDLE = 0,      // no datagram was waiting
    CNETSNMP_AGENT_REQUEST = 1,   // *out is to be answered or freed
    CNETSNMP_AGENT_DROPPED = 2,   // a datagram came that gets no answer
};
int cnetsnmp_agent_receive(cnetsnmp_agent *agent,
                           cnetsnmp_request *_Nullable *_Nonnull out);

enum { CNETSNMP_SET = 4 };
typedef struct {
    int operation; // CNETSNMP_GET…, or CNETSNMP_SET, which is to be refused
    int version;
    int nonrepeaters;
    int repetitions;
    const cnetsnmp_varbind *_Nullable varbinds;
    size_t count;
} cnetsnmp_question;
// Valid until the request is freed.
void cnetsnmp_request_question(cnetsnmp_request *request, cnetsnmp_question *out);
void cnetsnmp_request_free(cnetsnmp_request *request);

// One variable of an answer. Offsets point into the two pools given with it: names and object
// identifiers into `arcs`, octet strings and addresses into `octets`.
struct cnetsnmp_answer {
    uint32_t name_offset;
    uint32_t name_length;
    int32_t kind;
    uint32_t data_offset;
    uint32_t data_length;
    uint64_t number;
    double real;
};

// Answers. With `error_status` other than 0 the variables are those of the request (none for tooBig
// from v2c on: RFC 3416, section 4.2.1) and `answers` is not read. 0 if sent, 1 if the message
// would be larger than the agent's limit (nothing was sent), -1 if it could not be encoded. The
// request is still to be freed.
int cnetsnmp_agent_reply(cnetsnmp_agent *agent, cnetsnmp_request *request, int error_status,
                         int error_index, const cnetsnmp_answer *_Nullable answers, size_t count,
                         const uint32_t *_Nullable arcs, const uint8_t *_Nullable octets);

#pragma clang assume_nonnull end
#endif
