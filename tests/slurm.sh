#!/bin/bash
# A comparison as an array of eight tasks of a real Slurm, two of them killed in the middle and requeued by
# Slurm: its reports are those of one process, byte for byte.
#
#   tests/slurm.sh [PROGRAM]        (default: target/release/unlearn)
#
# Needs Debian's slurm-wlm and munge, and root (slurmd starts tasks as their users). It takes a few minutes.
# Everything is in a temporary folder; no daemon of the system is used or touched. Not part of CI.
set -euo pipefail

program=$(realpath "${1:-target/release/unlearn}")
for need in munged slurmctld slurmd sbatch scontrol squeue; do
    command -v $need >/dev/null || { echo "no $need: apt-get install slurm-wlm munge"; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "slurmd needs root"; exit 2; }
[ -x "$program" ] || { echo "no $program: cargo build --release, or name the program"; exit 2; }

place=$(mktemp -d /tmp/unlearn-slurm.XXXXXX)
started=()
finish() {
    [ -z "${job:-}" ] || scancel --quiet "$job" 2>/dev/null || true
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$place"
}
trap finish EXIT
cd "$place"
chmod 755 .
mkdir state spool log munge
chmod 700 munge

# Munge, with a key and a socket of its own.
dd if=/dev/urandom of=munge/key bs=1024 count=1 status=none
chmod 400 munge/key
munged --foreground --force --key-file="$place/munge/key" --socket="$place/munge.socket" \
    --pid-file="$place/munge/pid" --seed-file="$place/munge/seed" --log-file="$place/munge/log" \
    >log/munged 2>&1 &
started+=($!)

# One node of two slots. A task that is killed (137) is requeued, seconds later.
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
host=$(hostname -s)
cat >slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free)
SlurmdPort=$(free)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/log/slurmctld
SlurmdLogFile=$place/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_res
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
RequeueExit=137
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=one Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$place/slurm.conf
slurmctld -D -f slurm.conf >log/slurmctld.out 2>&1 &
started+=($!)
slurmd -D -N one -f slurm.conf >log/slurmd.out 2>&1 &
started+=($!)
for _ in $(seq 60); do
    [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && break
    sleep 1
done
sinfo -o '%N %t %c CPUs' || { tail -n 20 log/*; exit 1; }

# The comparison in one piece, and its plan.
compare=("$program" compare --data builtin --device cpu --hidden 16 --learners 2 --retrained 8
    --epochs 1 --budget 60 --methods fine-tune,scrub,amnesiac --forget 3)
export RAYON_NUM_THREADS=1
echo "== one process"
time "${compare[@]}" --out whole >whole.txt 2>log/whole
"${compare[@]}" --plan shared

echo "== an array of eight"
cat >array.sh <<ARRAY
#!/bin/bash
#SBATCH --array=0-7 --cpus-per-task=1 --requeue --open-mode=append --output=$place/log/task-%a
echo "task \$SLURM_ARRAY_TASK_ID, start \${SLURM_RESTART_COUNT:-0}"
"$program" work "$place/shared"
ARRAY
begun=$(date +%s)
job=$(sbatch --parsable array.sh)
claims() { find shared/cache -name '*.claim' 2>/dev/null | sort; }
# The processes that have claims; one of these files may go at any time.
workers() { { claims | xargs -r -n 1 sed -n 2p 2>/dev/null || true; } | sort -u; }
# Kills once two tasks are in the middle: one by its process, as a machine without memory does; one by Slurm,
# as for a job of more importance.
for _ in $(seq 600); do
    [ "$(workers | wc -l)" -ge 2 ] && break
    sleep .2
done
sleep 3
victim=$(workers | sed -n 1p)
task=$(tr '\0' '\n' <"/proc/$victim/environ" | sed -n 's/^SLURM_ARRAY_TASK_ID=//p')
squeue -r -o '%i %T'
echo "kill -9 of task $task (process $victim), with $(find shared/cache -name '*.f32' | wc -l) segments made"
kill -9 "$victim"
other=$(squeue -h -r -t R -o %K | grep -vx "$task" | head -n 1)
echo "scontrol requeue of task $other"
scontrol requeue "${job}_$other"
for _ in $(seq 600); do
    [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
    sleep 1
done
echo "the array took $(($(date +%s) - begun)) s"
squeue -r
grep -hE '^task|made' log/task-* || true
for again in "$task" "$other"; do
    grep -q 'start 1' "log/task-$again" || { echo "task $again was not requeued"; cat log/task-"$again"; exit 1; }
done
[ -z "$(claims)" ] || { echo "claims are left: $(claims)"; exit 1; }

echo "== judged"
time "${compare[@]}" --out shared >shared.txt 2>log/judged
cmp <(sed 's/shared/whole/g' shared.txt) whole.txt
for report in compare.json methods.jsonl results.csv report.txt report.html; do
    cmp "whole/$report" "shared/$report"
done
diff -r whole/inside shared/inside
diff <(ls whole/cache) <(ls shared/cache)
echo "the same bytes in all reports, and $(ls shared/cache | wc -l) segments with the same names"
