/*
 * pem - a certificate of up.example.com, good from 2020 to 2048, and its private key, as they stand
 * in JSON. Of tests alone: making one takes a moment, and the clock of a test may stand anywhere.
 */
#ifndef FG_TESTS_CONTROL_PEM_H
#define FG_TESTS_CONTROL_PEM_H

#define PEM_CERTIFICATE                                                                            \
    "-----BEGIN CERTIFICATE-----\\n"                                                               \
    "MIIBHjCBxaADAgECAgEBMAoGCCqGSM49BAMCMBkxFzAVBgNVBAMMDnVwLmV4YW1w\\n"                          \
    "bGUuY29tMB4XDTIwMDEwMTAwMDAwMFoXDTQ5MDEwMTAwMDAwMFowGTEXMBUGA1UE\\n"                          \
    "AwwOdXAuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARC3eFt\\n"                          \
    "DXekD2yvalddqAhnnuhniZr4SRrfrM9J0gKP3epr+Jo1LQtdb8oCYe1zpGs5WyDG\\n"                          \
    "fXNBoJtuK4F3PPkNMAoGCCqGSM49BAMCA0gAMEUCIGhUFfheq7vHbYDEbBUEwNFH\\n"                          \
    "1iuDvYOchDhO4togeV/YAiEAvLw9YVnXQl3ikdqGpJQPmV1xR7N0Ns2kRjQUlr4Q\\n"                          \
    "JHs=\\n"                                                                                      \
    "-----END CERTIFICATE-----\\n"

#define PEM_PRIVATE_KEY                                                                            \
    "-----BEGIN PRIVATE KEY-----\\n"                                                               \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRUtXnsG2ZkeMQiVW\\n"                          \
    "xf6SpUTKIBlZg6g7tDdjlN3FgeehRANCAARC3eFtDXekD2yvalddqAhnnuhniZr4\\n"                          \
    "SRrfrM9J0gKP3epr+Jo1LQtdb8oCYe1zpGs5WyDGfXNBoJtuK4F3PPkN\\n"                                  \
    "-----END PRIVATE KEY-----\\n"

#endif
