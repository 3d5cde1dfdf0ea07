#!/bin/sh
# absent.sh silent|refused|open: what the addresses of 127.1.0.0/16 and 127.2.0.0/16 do, but the
# first 1,000 of each. A DragonMint, which those of 127.1.0.0/16 are, refuses at port 4028.
# silent: nothing comes back, as from an absent host; refused: the connection is refused at once;
# open: they are miners too. Needs root and nft.
set -e
nft delete table ip mother_bench 2>/dev/null || true
case "$1" in
open) exit 0 ;;
silent) verdict=drop ;;
refused) verdict="reject with tcp reset" ;;
*) echo "absent.sh silent|refused|open" >&2; exit 2 ;;
esac
nft -f - <<RULES
table ip mother_bench {
 chain in {
  type filter hook input priority 0; policy accept;
  ip daddr != { 127.1.0.0/16, 127.2.0.0/16 } accept
  ip daddr 127.1.0.1-127.1.3.232 tcp dport 4028 reject with tcp reset
  ip daddr { 127.1.0.1-127.1.3.232, 127.2.0.1-127.2.3.232 } accept
  meta l4proto tcp $verdict
 }
}
RULES
