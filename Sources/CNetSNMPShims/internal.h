// Shared by the files of this target; not visible outside it.
#ifndef FROSTLINE_CNETSNMPSHIMS_INTERNAL_H
#define FROSTLINE_CNETSNMPSHIMS_INTERNAL_H

#include "CNetSNMPShims.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/lcd_time.h>
#include <net-snmp/library/snmp_secmod.h>
#include <net-snmp/library/snmpusm.h>

// Initializes the library once (no files read or written, no MIBs, no log) and takes the mutex.
void shim_lock(void);
void shim_unlock(void);
// As shim_lock, without taking the mutex.
void shim_initialize(void);

// A v3 identity. libsnmp looks users up in one global table by engine and name, so that two devices
// with the same engine identifier, or the same user with another passphrase, would get each other's
// keys; and its engine clocks are as global. Here each session keeps its own user and clock and
// puts them into the library's tables only while the mutex is held for it.
typedef struct {
    struct usmUser *user;
    uint8_t engine[USM_MAX_ID_LENGTH];
    size_t engine_length;
    // An agent, or a session with an agent of this process: the clock is the library's own.
    int is_own_engine;
    u_int boots;
    u_int time;
    int64_t stamped_s;
} shim_identity;

// Fills the v3 part of `session`; the strings stay the caller's. 0, or -1 for unknown protocols.
int shim_fill_user(netsnmp_session *session, const char *user, const char *authentication,
                   const char *privacy, const cnetsnmp_key *authentication_key,
                   const cnetsnmp_key *privacy_key);
// Makes the identity of `session`, whose securityEngineID is set. 0 or -1.
int shim_identity_make(shim_identity *identity, netsnmp_session *session);
void shim_identity_enter(shim_identity *identity);
void shim_identity_leave(shim_identity *identity);
void shim_identity_free(shim_identity *identity);

// A transport for `owner` that owns no descriptor of libsnmp's: its `sock` is always 0, so that the
// one-word descriptor set of shim_read_set does for any number of sockets.
netsnmp_transport *shim_transport(void *owner);
void *shim_owner(const netsnmp_transport *transport);
netsnmp_large_fd_set *shim_read_set(void);

void shim_read_varbind(const netsnmp_variable_list *from, cnetsnmp_varbind *to);
int64_t shim_now_us(void);
// Adds a variable to a message; 0 or -1.
int shim_add_varbind(netsnmp_pdu *pdu, const cnetsnmp_answer *answer, const uint32_t *arcs,
                     const uint8_t *octets);

#endif
