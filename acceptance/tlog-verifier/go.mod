module waybill.example/tlog-verifier

go 1.19

// Debian's golang-golang-x-mod-dev; scripts build against its sources, without the network.
require golang.org/x/mod v0.7.0

replace golang.org/x/mod => /usr/share/gocode/src/golang.org/x/mod
