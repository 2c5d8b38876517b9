# Says what the rules that count have to be made of. Reads, changes nothing.
#   $1   the table
#   …    names of machines of the site
set -u
PATH=$PATH:/usr/sbin:/sbin
table=$1
shift
command -v nft >/dev/null || exit 3
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
if nft list table inet "$table" >/dev/null 2>&1; then echo counting; fi
ip -o addr show | while read -r _ _ _ address _; do echo "net $address"; done
# A name server that does not answer is not waited for again and again.
for name; do
    timeout 10 getent ahosts "$name" | while read -r address _; do echo "name $name $address"; done &
done
wait
