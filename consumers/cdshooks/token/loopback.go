package token

import (
	"net"
	"strings"
)

// LoopbackName tells that a Host header names this machine: another name that leads here is
// somebody's trick (DNS rebinding).
func LoopbackName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
