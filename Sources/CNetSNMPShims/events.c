#include "session.h"

#include <stdlib.h>
#include <string.h>

pending_request *shim_find_pending(cnetsnmp_session *session, uint64_t token) {
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
        item->discovery = request->discovery;
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
int shim_on_event(int operation, netsnmp_session *library, int number, netsnmp_pdu *pdu,
                  void *magic) {
    (void)number;
    cnetsnmp_session *session = library->callback_magic;
    if (session->closing) return 1;
    pending_request *request = shim_find_pending(session, (uint64_t)(uintptr_t)magic);
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

void shim_free_finished(finished *item) {
    if (!item) return;
    snmp_free_varbind(item->variables);
    free(item);
}

int cnetsnmp_next_event(cnetsnmp_session *session, cnetsnmp_event *out) {
    shim_free_finished(session->current);
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
