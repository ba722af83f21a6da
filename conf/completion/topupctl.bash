# shellcheck shell=bash
# topupctl: what bash completes. A test compares commands and options with the
# program's own table. It must never ask for more than the modems' names.

_topupctl_commands() {
	echo status modems load submit batches batch vouchers voucher inbox \
		wait balance ussd sms reconcile claims totals hold release cancel \
		resolve reveal pause resume unlock reload backup retrieve \
		check record setup probe audit watch
}

_topupctl_options() {
	case $1 in
	load) echo --to --amount --modem --operator --timeout ;;
	submit) echo --operator --amount --target --modem --wait ;;
	vouchers) echo --batch --state --limit --after ;;
	inbox) echo --limit --after --newest ;;
	wait) echo --batch --timeout ;;
	balance) echo --history --days --ascii --svg ;;
	reconcile) echo --since ;;
	claims) echo --batch --operator --since --csv ;;
	totals) echo --by --days --since --ascii --svg ;;
	hold) echo --batch ;;
	release) echo --batch ;;
	cancel) echo --batch ;;
	resolve) echo --amount --note ;;
	retrieve) echo --output ;;
	check) echo --profile --reply ;;
	record) echo --seconds ;;
	setup) echo --answers --force ;;
	probe) echo --balance --operator --dialect --baud ;;
	audit) echo --since --follow --against ;;
	esac
}

_topupctl_modems() {
	topupctl modems --json 2>/dev/null | tr ',' '\n' |
		sed -n 's/.*"name": *"\([^"]*\)".*/\1/p'
}

# The words that may stand behind an option; false where it takes none.
_topupctl_value() {
	case $1 in
	--state)
		echo ready held dialing pending unknown loaded rejected \
			cancelled
		;;
	--modem) _topupctl_modems ;;
	--target) echo self ;;
	--by) echo batch sim operator day ;;
	--dialect) echo auto standard ;;
	--to | --amount | --operator | --timeout | --batch | --limit | \
		--after | --since | --note | --reply | --seconds | --baud | \
		--days) ;;
	*) return 1 ;;
	esac
}

_topupctl_arguments() {
	case $1 in
	inbox | balance | ussd | sms | pause | resume | unlock | record)
		_topupctl_modems
		;;
	resolve) echo loaded rejected retry ;;
	audit) echo verify ;;
	esac
}

_topupctl() {
	local word=${COMP_WORDS[COMP_CWORD]} i words command=
	local before=${COMP_WORDS[COMP_CWORD - 1]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --socket) i=$((i + 1)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]} && break ;;
		esac
	done
	COMPREPLY=()
	case $before in
	-c | --socket | --profile | --against | --csv | --svg | --output | \
		--answers)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	esac
	if words=$(_topupctl_value "$before"); then
		:
	elif [[ $word == -* ]]; then
		words="-c --socket --json --help $(_topupctl_options "$command")"
		[[ -n $command ]] || words+=' --version'
	elif [[ -z $command ]]; then
		words=$(_topupctl_commands)
	elif [[ $command == submit || $command == backup ||
		$command == probe ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	else
		words=$(_topupctl_arguments "$command")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _topupctl topupctl
