"""The schedule in the file that `--print-config-toml` prints: every key, ready to switch on."""

SCHEDULE = """\
# When miners shall run, how fast, and when they sleep. Plans say what is wished by the clock;
# rules and budgets cap that by signals: a price, a surplus, a meter. Nothing of it holds until
# a block is switched on. docs/configuration.md tells what each key means.
#[schedule]
#time_zone = "Europe/Berlin"
#interval = "15s"
#min_on = "30min"
#min_off = "15min"
#resume_percent = 5
#starts_a_day = 6
#trust_clock = false
#dead_band = "5%"
#power_gap = "10min"
#down = { batch = 0, gap = 0, jitter = 0 }
#up = { batch = 0, gap = 0, jitter = "5s" }

# A time plan. Over midnight where `until` is not after `from`.
#[[schedule.plan]]
#name = "evening"
#from = "18:00"
#until = "24:00"
#days = ["weekdays", "sat"]
#dates = ["2026-12-24"]
#time_zone = "Europe/Berlin"
#profile = "normal"
#mode = "sleep"
#power_target = "3kW"
#priority = 0

#[schedule.plan.apply_to]
#groups = ["hall-a"]

# A number from elsewhere: asked for, or without `url` pushed by `mother signal`.
#[[schedule.signal]]
#name = "price"
#url = "http://10.1.0.5/prices"
#path = "data"
#headers = { Authorization = "put the token here, or credential:NAME" }
#every = "5min"
#at = "from"
#value = "price"
#step = "1h"
#factor = 0.1
#plus = 20
#unit = "EUR/MWh"
#silence = { hold = "2h", then = "run" }

#[[schedule.signal]]
#name = "meter"
#unit = "W"

# What a signal beyond a threshold does.
#[[schedule.rule]]
#name = "dear"
#signal = "price"
#threshold = 80
#release = 60
#above = true
#hard = 150
#windows = 2
#release_windows = 4
#window = "5min"
#cap = "100kW"

# What miners may draw together.
#[[schedule.budget]]
#name = "site"
#cap = "500kW"
#reserve = "10kW"

#[[schedule.budget]]
#name = "sun"
#signal = "meter"
#surplus = true

# How fast the miners of one group, rack or PDU may change.
#[[schedule.ramp]]
#by = "group"
#name = "hall-a"
#down = { batch = 50, gap = "5s" }
#up = { batch = 10, gap = "30s", jitter = "10s" }

# Fans or pumps: off after the miners sleep, on before they wake.
#[[schedule.facility]]
#name = "fans-a"
#on_url = "http://10.1.0.6/relay/0"
#off_url = "http://10.1.0.6/relay/0"
#method = "POST"
#on_body = "turn=on"
#off_body = "turn=off"
#headers = {}
#state_url = "http://10.1.0.6/relay/0"
#state_path = "ison"
#on_value = "true"
#lead = "30s"
#lag = "5min"

# What profiles come to; for all others mother's own table holds.
#[[schedule.profile]]
#overclock = { profile = "high" }
#normal = {}
#underclock = { share = "80%" }

#[schedule.profile.apply_to]
#families = ["whatsminer"]

# Which signal tells what miners draw.
#[[schedule.meter]]
#signal = "meter"
#error = "1%"

# Gateways of the Miner Control API, and the miners behind them.
#[[minercontrol]]
#url = "http://10.1.0.7:5000/api"
#miners = ["10.1.1.1-10.1.1.200"]
#connections = 10
"""
