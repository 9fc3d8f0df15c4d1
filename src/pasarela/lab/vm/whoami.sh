#!/bin/sh
# The guest's own web server tells every caller its address and port.
printf 'Content-Type: text/plain\r\n\r\nYou come from %s port %s.\n' "$REMOTE_ADDR" "$REMOTE_PORT"
