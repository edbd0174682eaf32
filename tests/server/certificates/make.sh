#!/usr/bin/env bash
# Makes the certificates of the test server anew: ca.pem signs server.pem, which is valid until
# 2120, and expired.pem, which was valid in 2020. Both have the key server.key, which guards nothing.
set -e
here=$(cd "$(dirname "$0")" && pwd)
cd "$(mktemp -d)"
cat > ca.cnf <<'END'
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:ossci-datasets.s3.amazonaws.com, DNS:storage.googleapis.com
END
: > index.txt
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
sign() { openssl ca -batch -notext -config ca.cnf -keyfile ca.key "$@"; }
key ca.key
key server.key
openssl req -new -key ca.key -subj '/CN=test authority' -out ca.csr
openssl req -new -key server.key -subj '/CN=test server' -out server.csr
sign -selfsign -extensions authority -in ca.csr -startdate 20200101000000Z -enddate 21200101000000Z -out ca.pem
sign -cert ca.pem -extensions server -in server.csr -startdate 20200101000000Z -enddate 21200101000000Z -out server.pem
sign -cert ca.pem -extensions server -in server.csr -startdate 20200101000000Z -enddate 20200201000000Z -out expired.pem
cp ca.pem server.pem expired.pem server.key "$here"
