# Pages.

address = Address
    .province = Province
    .city = City
    .district = District
    .street = Street
    .postal_code = Postal code

ui-product = Guanxi
ui-page = Page
ui-menu = Menu
ui-skip = Skip to the content
ui-search = Search
ui-search-hint = Name, number, pinyin or initials
ui-theme = Light or dark
ui-sign-out = Sign out
ui-home = To the first page
ui-error = Not done
ui-request-id = Tell the administrator this number: { $id }
ui-saved = Saved.
ui-undo = Undo
ui-form-save-again = To make another record of it, save once more.
undo-title = Undo this change?
undo-create = The record was made by this change: it is taken away.
undo-archive = The record was archived by this change: it is brought back.
undo-restore = The record was brought back by this change: it is archived again.
undo-update = These fields get back what they held before.
undo-now = Now
undo-then = After the undo
undo-others =
    { $count ->
        [one] 1 other record was changed in the same step and is taken back with it.
       *[other] { $number } other records were changed in the same step and are taken back with it.
    }
ui-new = New { $type }
ui-edit = Edit
ui-edit-title = Edit { $title }
ui-save = Save
ui-save-and-new = Save and new
ui-required-hint = Fields marked * must be filled in.
ui-every-type = Every type of the business
ui-cancel = Cancel
ui-archive = Archive
ui-archive-confirm = Archive the selected records? This can be undone.
ui-archived = Archived
ui-restore = Bring back
ui-details = Details
ui-history = History
ui-timeline = Timeline
ui-show-all = Show all
ui-none-yet = Nothing yet
ui-empty = There is nothing here yet. Create the first record, or import a file.
ui-empty-create = There is nothing here yet. Create the first record.
ui-empty-read = There is nothing here yet.
empty-customer-pair = No likely duplicates wait. The analysis “Find duplicates” under Insights finds them.
empty-customer-merge = Nothing has been merged yet. Two customers become one when somebody decides a likely duplicate so.
empty-stage-change = Nobody has moved yet. Every analysis of customer value notes who has moved since the one before.
empty-analysis-run = Nothing has been analysed yet. Analyses are started under Insights.
empty-approval-request = Nothing has been asked for yet. A request comes up when somebody goes beyond an authority limit and a chain says who decides.
empty-approval-task = Nothing waits for a decision. What waits for yours stands under Approvals.
empty-notice = You have not been told anything yet. Subscriptions say what you are told.
empty-import-job = No file has been imported yet.
ui-no-match = Nothing matches these filters.
ui-clear-filters = Clear filters
ui-retry = Try again
ui-no-permission = You may not see this
ui-yes = Yes
ui-no = No
ui-all = All
ui-mine = Mine
ui-keyword = Keyword
ui-more-filters = More filters
ui-more-fields = More fields
ui-apply = Apply
ui-export = Export
ui-import = Import
ui-select-all = Select all on this page
ui-selected = selected
ui-next-page = Next page
ui-total = { $number } in all
ui-total-more = more than { $number }
ui-currency = Currency
ui-mistakes = Not saved: { $count } to correct, marked below.
ui-conflict = Somebody else changed this record meanwhile. Saving again keeps your values; cancel keeps the stored ones.
ui-field = Field
ui-stored = Stored now
ui-yours = Yours
login-title = Sign in
cli-shared-address = These users differ only by the case of their mail address: { $addresses }. Give each an address of their own; until then each signs in with theirs written exactly so.
login-email = E-mail
login-password = Password
login-button = Sign in
login-demo = Demo accounts
login-demo-password = This is demo data. Everybody here signs in with the administrator’s first password, which the product printed when it started first.
home-title = Overview
home-hello = Hello, { $name }
home-open = Open { $type }, due first
first-steps = First steps
first-steps-hide = Do not show again
first-steps-done = done
first-steps-demo = This is demo data: a made-up trading company. To begin with your own, start the product on a new folder: guanxi --data my-data serve. To be rid of the demo data, stop the product and delete its folder.
first-steps-demo-short = You are looking at demo data: a made-up trading company.
first-step-import = Import your data
    .why = CSV or Excel, in any encoding; nothing is written before you have seen what will be.
first-step-invite = Invite colleagues
    .why = Each gets a role, which says what they see and may do.
first-step-analyse = Analyse customers
    .why = What each is worth, who may have left and why, who stands here twice.
first-step-look-as-a-seller = Look with a salesperson’s eyes
    .why = Signs you out; sign in with the same password as a salesperson of the demo data.
first-step-approvals = Decide what waits for you
    .why = Requests that go beyond somebody’s authority.
first-step-team-figures = Look at your team’s figures
    .why = Customers of your team who may have left, and what they are worth.
first-step-at-risk = Look after customers who may have left
    .why = Those of yours who have been away for longer than usual, the most valuable first.
first-step-tasks = Do what is due
    .why = Your tasks of today and those overdue.
first-step-note-a-call = Note a call
    .why = It stands in the customer’s timeline at once. Done for today once you have noted one.
first-step-cases = Work through your open cases
    .why = Those due first come first.
first-step-cases-due = Solve what is due today
    .why = Open cases that are to be solved today.
number-orders = Orders
number-cancellations = Cancellations and returns
number-revenue = Revenue
number-gross = Before returns
number-average = Average order
number-first = First order
number-last = Last order
number-since = Days since last order
number-unpaid = Unpaid
number-only-newest = There are more orders than are looked through for a page: the numbers above tell of the newest { $count } only. What the last analysis counted over all of them stands under “What is known”.
number-came-back-whole =
    { $count ->
        [one] 1 order came back whole: it is no purchase.
       *[other] { $count } orders came back whole: they are no purchases.
    }
period-today = Today
period-last-7-days = Last 7 days
period-last-30-days = Last 30 days
period-this-month = This month
period-this-quarter = This quarter
period-this-year = This year
period-last-year = Last year
period-tomorrow = Tomorrow
period-yesterday = Yesterday
period-next-7-days = Next 7 days
period-next-14-days = Next 14 days
period-next-30-days = Next 30 days
period-this-week = This week
period-next-week = Next week
period-next-month = Next month
period-overdue = Before today (overdue)
period-empty = No date
operation-create = created this
operation-update = changed this
operation-archive = archived this
operation-restore = brought this back
operation-remove = removed this
command-create = Create
command-update = Change
command-archive = Archive
command-restore = Bring back
command-undo = Undo
command-bulk = Change many
command-import = Import
command-export = Export
error-refused = Several things are to be corrected.
error-not-found = There is nothing here, or it is not yours to see.
error-forbidden = You may not do this.
error-conflict = Somebody else changed this meanwhile. Read it again and decide.
error-internal = Something went wrong on our side. Nothing was changed. Try again.
import-title = Import
import-not-yours = You may not import anything. Ask your administrator for that right.
import-step-file = File
import-step-mapping = Mapping
import-step-preview = Preview
import-step-result = Result
import-what = What does each line describe?
import-file = File
import-file-help = CSV or Excel (.xlsx), in any encoding, also gzipped.
import-next = Next
import-earlier = Earlier imports
import-mapping = Mapping
import-mapping-help = Columns are mapped by their names in both languages, and by what is in them. One line can make records of several types: see the guide to imports.
import-layout = Read as { $encoding }, separated by “{ $delimiter }”.
import-preview =
    { $lines ->
        [one] 1 line read, { $refused } would be refused. Nothing is written yet.
       *[other] { $lines } lines read, { $refused } would be refused. Nothing is written yet.
    }
import-type = Record type
import-created = New
import-updated = Changed
import-unchanged = As they are
import-repeated = Named again or left out
import-nothing-to-do = Nothing would be written, so there is nothing to start. Go back and correct the mapping, or correct the file.
import-back = Back to the mapping
import-first-records = The first { $type } as they would be written
import-refused-count = { $count } × (lines { $lines })
import-refused-more = and { $count } more lines
import-told-to-survivor =
    { $count ->
        [one] 1 line names a record that was merged; the one that stayed gets it: { $some }
       *[other] { $count } lines name a record that was merged; the one that stayed gets them: { $some }
    }
import-told-restored =
    { $count ->
        [one] 1 line names a record that was archived; it is restored: { $some }
       *[other] { $count } lines name a record that was archived; it is restored: { $some }
    }
import-told-placeholder = { $count } telephones or mail addresses say only that there is none, and count as empty: { $some }
import-told-identical =
    { $count ->
        [one] 1 line is in the file twice; the second makes nothing. Second line (first line): { $some }. To make it anyway, choose so in the preview, or say identical = "make" in the mapping.
       *[other] { $count } lines are in the file twice; the second makes nothing. Second line (first line): { $some }. To make them anyway, choose so in the preview, or say identical = "make" in the mapping.
    }
import-told-identical-made =
    { $count ->
        [one] 1 line is in the file twice and makes a record each time. Second line (first line): { $some }
       *[other] { $count } lines are in the file twice and make a record each time. Second line (first line): { $some }
    }
import-twins =
    { $count ->
        [one] 1 line would make a customer with the name of one that is there, such as { $names }. What is to be done with it?
       *[other] { $count } lines would make a customer with the name of one that is there, such as { $names }. What is to be done with them?
    }
import-twins-label = New customers with the name of one that is there
import-twins-ask = Ask me in the preview
import-twins-update = Change the one that is there
import-twins-make = Make another one
import-twins-leave_out = Leave the line out
import-without-key = Lines are refused because “{ $field }”, by which a { $type } is known, is empty in them. Fill it in, or say that such lines have no { $type }.
import-without-key-absent = Such lines have no { $type }
import-without-key-is-absent = Lines in which “{ $field }” is empty have no { $type }.
import-without-key-refuse = Refuse such lines
import-refused-lines = Lines that would be refused
import-start = Import now
import-stop = Stop
import-resume = Go on
import-without-customer = No column says which customer the { $type } are of: they would be nobody's, and count for no customer. Go back and choose the column for “customer”.
import-decided-now = What you chose counts now. Look at what comes of it, then import.
import-status-asked = No column says the “{ $field }” of these { $type }. Drafts count in no figure and no analysis. What are they?
import-undo = Undo the import
import-open = Open it
import-undo-confirm = Undo all that this import did: { $made }? All of it is taken back.
import-next-records = Look at { $type }
import-next-analysis = Analyse customer value
import-next-orders = Import orders next
import-errors = Refused lines
import-progress = { $done } of { $all } lines, { $refused } refused
import-counts = { $created } new, { $updated } changed, { $unchanged } as they are
import-counts-repeated =
    { $count ->
        [one] 1 line names one again
       *[other] { $count } lines name one again
    }
import-counts-left-out = { $count } left out because the name is there
import-counts-absent =
    { $count ->
        [one] 1 line has none
       *[other] { $count } lines have none
    }
import-without-link =
    { $count ->
        [one] 1 line was imported without a link that leads nowhere; it is among the refused lines.
       *[other] { $count } lines were imported without a link that leads nowhere; they are among the refused lines.
    }
import-left = Cut off
import-broken = The import failed. Try it again; if it fails again, the administrator finds the reason in the log.
import-as-text = The mapping as text
import-use-text = Use the text
import-column = Column
import-sample = First values
import-field = Fills
import-ignore = (not imported)
import-match = A record is known by
import-match-none = (every line makes a new one)
import-match-help = A line whose value is already in the system changes that record instead of making a second one. Choose something that only one record has, such as a number.
import-on-repeat = When the file names one again
import-on-repeat-first = The first line counts
import-on-repeat-last = The last line counts
import-on-repeat-refuse = Refuse the line
import-mode = What is there already
import-mode-upsert = Change it, else make it
import-mode-create = Must not be there
import-mode-update = Must be there
import-archived = What was archived
import-archived-refuse = Refuse the line
import-archived-restore = Restore it and change it
import-saved = Saved mapping
import-saved-none = (find out from the columns)
import-save-as = Keep the mapping as (optional)
import-rate = { $rate } lines a second, about { $seconds } s left

ui-views = Views
ui-shared = shared
ui-view-save-as = Save what is shown as a view
ui-view-share = Share with everybody
ui-view-changed = “{ $name }” shows something else now.
ui-view-save-new = Save as new
ui-view-discard = Discard
ui-columns = Columns
ui-up = Move { $name } up
ui-down = Move { $name } down
ui-close = Close
ui-shortcuts = Keyboard
ui-select-matching = Select all that match
ui-bulk-title = Archive { $number } × { $type }
ui-bulk-question = These { $number } records will be archived, among them:
ui-bulk-others = and { $number } others
ui-address-choose = Choose
key-palette = Find records, pages and actions
key-search = Search this list
key-new = New record
key-edit = Edit this record
key-rows = Move through a list; Home, End, Page keys too
key-select = Select the row
key-open = Open the row
key-cell = Change the first value of the row in place (or double-click one)
key-close = Close, or take the selection back
key-help = This list
ui-add-another = Add one more: { $name }
ui-which = Choose which one is meant
ui-take-away = Take away: { $name }
ui-filter = Filter
ui-type-field = { $type } › { $field }
import-day-first = day before month (31/12/2026)
import-month-first = month before day (12/31/2026)
import-year-first = year before month (26/12/31)
import-percent = per cent (0.07 is 0.07 %)
import-fraction = fractions (0.07 is 7 %)
import-years-past = none after this year, as for birthdays
import-years-around = up to twenty years from now
import-unit-one = ones: the numbers are in full
import-unit = × { $number }
import-identical-leave_out = the second makes nothing
import-identical-make = each makes a record
import-decisions = How the file is read
import-decision = What
import-decided = Read as
import-decision-why = Why
import-decide = Read it so
import-decide-which = choose …
import-decision-same = line { $line } is equal to line { $text }
import-decision-text = line { $line }: “{ $text }”
import-asked-date-order-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }, and nothing in the file tells which. Choose below.
import-asked-date-order-contradictory = The file writes dates in two orders: “{ $value }” (line { $line }) is { $first }, “{ $value2 }” (line { $line2 }) is { $third }. Choose below which one holds; lines with the other are refused then.
import-asked-decimal-mark-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }, and nothing in the file tells which. Choose below.
import-asked-currency-ambiguous = “{ $value }” (line { $line }) has no currency, “{ $value2 }” (line { $line2 }) has another than usual. Choose below which currency amounts without one are in.
import-asked-percent-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }: “{ $value2 }” (line { $line2 }) in the same column “{ $column }” is per cent. Choose below.
import-asked-percent-unsaid = “{ $value }” (line { $line }) in the column “{ $column }” can be { $first } or { $second }: no number of it is more than 1 or says per cent. Choose below.
import-asked-unit-ambiguous = “{ $value }” (line { $line }) in the column “{ $column }” can be { $first } or { $second }: what its numbers count in is not clear. Choose below.
import-decision-example = line { $line }: “{ $text }” → { $meaning }
import-decision-encoding = Encoding
import-decision-delimiter = Between columns
import-decision-sheet = Worksheet
import-decision-header-row = Row with the column names
import-no-header = None: the first row is a record
import-decision-position = Columns of one name
import-decision-date-order = Order of day and month
import-decision-two-digit-years = Years of two digits
import-decision-decimal-mark = Decimal mark
import-decision-currency = Currency of amounts without one
import-decision-time-zone = Time zone of times without one
import-decision-plain-percent = Numbers without % in fields in per cent
import-decision-unit = What numbers count in
import-decision-identical = Lines that are in the file twice
import-certainty-told = stated
import-certainty-clear = clear from the whole file
import-certainty-assumed = not said in the file: the usual is taken
import-certainty-contradictory = the file says both
import-certainty-ambiguous = nothing in the file settles it

ui-back = Back

operation-share = shared this
operation-unshare = ended sharing this
operation-reveal = looked at a masked field

access-title = Access
access-of = Who sees { $title }
access-why = What { $name } may do, and why
access-ask = Ask about
access-explain = Explain
access-may = May
access-because = Because
access-nothing = No role reaches this record.
access-fields = Fields that are not theirs to change
access-who = Who sees this
access-reveal = Show
access-reveal-name = Show { $name }; this is recorded

reason-administrator = is an administrator
reason-everybody = everybody may
reason-all = reaches all records
reason-own = answers for it
reason-stands-in = stands in today for whoever answers for it
reason-leads = leads whoever answers for it
reason-team = somebody of the team answers for it
reason-territory = it lies in their territory
reason-company = it belongs to their company
reason-shared = it was shared with them or their team
reason-through = by the { $link } that it belongs to.
reason-condition = Condition met:
reason-condition-not = But the condition is not met:

share-title = Shared with
share-with = Person or team
share-until = Until (nothing for as long as wanted)
share-until-day = until { $day }
share-read = may read
share-change = may change
share-change-too = May change it too
share-do = Share
share-end = End
share-end-name = End sharing with { $name }

hand-over-title = Hand over
hand-over-of = Hand over from { $name }
hand-over-what = All of this goes to somebody else, and this person may not sign in any more. What they did stays theirs. What waits for their approval is forwarded; each other change can be undone.
hand-over-nothing = This person answers for nothing.
hand-over-records = Records
hand-over-to = Who takes over
hand-over-do = Hand over and end access
hand-over-left =
    { $records ->
        [one] 1 record was handed over.
       *[other] { $records } records were handed over.
    } These stayed as they are: { $left }. This person may not sign in any more. See to what each one says, then hand over again.
hand-over-left-records = Not handed over
hand-over-left-why = Why
hand-over-again = Hand over again

login-with = Sign in with { $name }
login-forgot = Forgot the password?
login-code = Code
login-code-title = Second factor
login-code-hint = The six digits that your authenticator app shows, or a recovery code.
forgot-title = New password
forgot-button = Send me a link
forgot-sent = If there is an account with this address, a mail with a link is on its way. It is good for an hour.
password-title = Choose a password
mail-reset-subject = Guanxi: choose a new password
mail-reset-text =
    Hello { $name },

    somebody asked for a new password for your account. Choose one here within { $hours } hour:
    { $url }

    If it was not you, do nothing: your password stays as it is.
mail-invite-subject = Welcome to Guanxi
mail-invite-text =
    Hello { $name },

    an account was made for you. Choose your password here within { $hours } hours:
    { $url }
invite-title = Invite
invite-sent = The invitation is on its way by mail.
invite-link = No mail server is set up. Hand this link over yourself; it is good once and for three days.
help-unlock = Unlock
help-second-off = Take off the second factor
help-end-all = End all sessions

account-title = My account
account-no-role = You have no role yet. Ask an administrator.
account-shown-once = Note this now: it is shown only once.
account-sessions = Sessions
account-tokens = API tokens
account-where = Where
account-since = Since
account-seen = Last seen
account-until = Until
account-this = this one
account-end = End
account-end-name = End { $name }
account-new-token = New API token
account-token-name = What it is for
account-token-days = Good for so many days
account-token-scopes = What it may do
account-token-hint = Purposes for all types, such as read,create, or for one type, such as customer:read,change; several are separated by spaces.
account-token-make = Make the token
account-current-password = Current password
account-new-password = New password
account-password-hint = At least 10 characters that nobody guesses: a few words that do not belong together. All sessions end.
account-password-change = Change the password
account-second = Second factor
account-second-needed = One of your roles asks for a second factor. Set it up now, then sign in again.
account-second-what = After the password, an app on your telephone shows six digits. Whoever steals only the password does not get in.
account-second-begin = Set it up
account-second-scan = Scan this with an authenticator app, or type the letters below, then enter the code that it shows.
account-second-on = Turn on
account-second-is-on = It is on. { $count } recovery codes are left.
account-second-off = Turn off

audit-title = Audit log
audit-person = Person
audit-what = What
audit-when = When
audit-from = From day
audit-to = To day
audit-record = Record
audit-detail = Detail
audit-older = Older
audit-how = From where
audit-search = Search
audit-nobody = Guanxi
audit-records = { $count ->
        [one] { $count } record
       *[other] { $count } records
    }: { $names }
audit-filter = By: { $condition }
operation-view = looked at this
operation-export = exported
operation-sign_in = signed in
operation-sign_in_failed = could not sign in
operation-sign_out = signed out
operation-credential = changed how one signs in
operation-decide = decided a request
operation-purge = removed old entries of the log

approval-title = Approvals
approval-waiting = Waiting for you
approval-mine = Asked by you
approval-none = Nothing waits for your decision.
approval-ask = Ask for approval
approval-reason = Why (for whoever decides)
approval-asked-since = { $name } asks, since { $at }
approval-not-seen = You may not see this record. Ask whoever asks, or return it.
approval-beyond = { $field } beyond authority
approval-limit = of at most
approval-margin = Margin
approval-in-approval = In approval
approval-waits-for = Waits for { $names }.
approval-draft-first = Save it as a draft first; then you can ask for approval.
order-below-list = Below list price
order-below-list-by = by up to { $share }
line-add = Add line
line-taken = Left empty, the product says it.
form-type-first = Choose a record type first.
approval-comment = Comment
approval-approve = Approve
approval-return = Return
approval-forward = Forward to
approval-forward-do = Forward
approval-withdraw = Take back
approval-on-behalf = for { $name }
mail-approval-subject = Guanxi: { $title } waits for your decision
mail-approval-text =
    { $name } asks you to decide about { $title }.
    { $url }
mail-decided-subject = Guanxi: { $title } was decided
mail-decided-text =
    Your request about { $title } is: { $state }.
    { $url }

operation-erase = erased what it said about a person
privacy-title = Privacy
privacy-of = Privacy of { $name }
privacy-export = Export all that is held
privacy-export-what = One file with all records on this person, how they changed and who looked at them.
privacy-erase = Forget this person
privacy-erase-what = Name, telephone, address, notes and what else says something about the person go for good, from records, search and history. Orders, invoices and payments keep their amounts and dates. This cannot be undone.
privacy-erase-confirm = Write “{ $name }” to confirm
privacy-open = This is being done.
privacy-done = Done.
privacy-failed = It failed.
privacy-file = Download the file
privacy-erased = Erased
approval-count = { $count ->
    [one] One request waits
   *[other] { $count } requests wait
 } for your decision.

insights-title = Insights
insights-nothing-yet = Nothing has been analysed yet. Import orders, then run the analysis of customer value.
insights-drafts =
    { $count ->
        [one] 1 sale is a draft and is not counted here: what was not agreed is no purchase. If it was, set its status.
       *[other] { $count } sales are drafts and are not counted here: what was not agreed is no purchase. If they were, set their status.
    }
insights-run-customer-value = Analyse customer value
insights-run-baskets = Find what is bought together
insights-name-customer-value = Customer value
insights-name-baskets = What is bought together
insights-name-duplicates = Duplicates
insights-state-waiting = { $analysis }: waits for its turn, asked for on { $at }.
insights-state-running = { $analysis }: being done, { $percent } %, asked for on { $at }.
insights-state-done = { $analysis }: done on { $at }.
insights-state-failed = { $analysis }: could not be done on { $at }; what is shown is the one before.
insights-say-lost =
    { $count ->
        [0] Nobody has left.
        [one] 1 customer has left. In the year before their last purchase they bought for { $amount }.
       *[other] { $count } customers have left. In the year before their last purchase they bought for { $amount }.
    }
insights-say-slipping =
    { $count ->
        [0] None of the largest customers (class A) is likely to have left without being lost yet.
        [one] 1 of the largest customers (class A) is likely to have left without being lost yet: { $amount } to come. Call them first.
       *[other] { $count } of the largest customers (class A) are likely to have left without being lost yet: { $amount } to come. Call them first.
    }
insights-say-soon =
    { $count ->
        [0] Nobody is likely to buy within { $days } days.
        [one] 1 customer is likely to buy within { $days } days.
       *[other] { $count } customers are likely to buy within { $days } days.
    }
insights-say-slipping-unknown =
    { $count ->
        [one] 1 of the largest customers (class A): whether they have left is not known. { $why }
       *[other] { $count } of the largest customers (class A): whether they have left is not known. { $why }
    }
insights-say-soon-unknown =
    { $count ->
        [one] 1 who has bought: whether they buy within { $days } days is not known. { $why }
       *[other] { $count } who have bought: whether they buy within { $days } days is not known. { $why }
    }
insights-unknown-risk = There are too few purchases, or they reach back too short a time, to tell who has left.
insights-unknown-currency = They buy in other currencies than most.
insights-unknown-short = The purchases reach back { $days } days; who has left is told from { $least } days on.
insights-too-large = more than any number that is kept
insights-not-known = not known
insights-as-of =
    As of { $at }: { $customers ->
        [one] 1 customer
       *[other] { $customers } customers
    } that you may see, { $purchases ->
        [one] 1 purchase
       *[other] { $purchases } purchases
    } from { $from } to { $until }.
insights-as-of-nothing =
    { $customers ->
        [one] As of { $at }: 1 customer, no purchases yet.
       *[other] As of { $at }: { $customers } customers, no purchases yet.
    }
insights-told-of = Stages, risks and chances are told as of { $day }.
insights-told-of-ended = Nobody has bought since { $day }: stages, risks and chances are told as of that day, not of today ({ $today }). If orders are missing, import them and analyse again.
insights-silent = Nobody has bought for { $days } days. If orders are missing, import them and analyse again.
insights-too-short =
    { $days ->
        [one] The purchases reach back 1 day:
       *[other] The purchases reach back { $days } days:
    } who has left, and what is to come, is told from { $least } days on.
insights-net = What came back is taken off.
insights-gross = What came back is not taken off (gross).
insights-aside-after-today =
    { $count ->
        [one] 1 { $type } dated after today ({ $today }) is left aside:
       *[other] { $count } { $type } dated after today ({ $today }) are left aside:
    }
insights-aside-before-1900 =
    { $count ->
        [one] 1 { $type } dated before 1900 is left aside:
       *[other] { $count } { $type } dated before 1900 are left aside:
    }
insights-aside-beyond-counting =
    { $count ->
        [one] 1 { $type } with an amount that cannot be is left aside:
       *[other] { $count } { $type } with amounts that cannot be are left aside:
    }
insights-aside-return-above-nothing =
    { $count ->
        [one] 1 { $type } that takes something back and is above nothing is left aside:
       *[other] { $count } { $type } that take something back and are above nothing are left aside:
    }
insights-aside-zero-day =
    { $count ->
        [one] 1 { $type } dated on a day that programs write for nothing (1 Jan 1900, 1 Jan 1904, 1 Jan 1970) is left aside:
       *[other] { $count } { $type } dated on a day that programs write for nothing (1 Jan 1900, 1 Jan 1904, 1 Jan 1970) are left aside:
    }
insights-aside-long-before =
    { $count ->
        [one] 1 { $type } dated more than thirty years before all others is left aside:
       *[other] { $count } { $type } dated more than thirty years before all others are left aside:
    }
insights-aside-return-beyond-sales =
    { $count ->
        [one] 1 { $type } takes back more than was bought. What is beyond it is not taken off:
       *[other] { $count } { $type } take back more than was bought. What is beyond it is not taken off:
    }
insights-aside-sales-beyond-counting =
    { $count ->
        [one] 1 { $type } bought for more than any number that is kept, so that it is not told for how much:
       *[other] { $count } { $type } bought for more than any number that is kept, so that it is not told for how much:
    }
insights-aside-sale-below-nothing =
    { $count ->
        [one] 1 { $type } is a sale below nothing, and is taken off like a return:
       *[other] { $count } { $type } are sales below nothing, and are taken off like returns:
    }
insights-aside-stands-out =
    { $count ->
        [one] 1 { $type } is more than a thousand times as large as the others. It counts; correct it if it was mistyped:
       *[other] { $count } { $type } are more than a thousand times as large as the others. They count; correct them if they were mistyped:
    }
insights-aside-worth-nothing =
    { $count ->
        [one] 1 { $type } is worth nothing, and is no purchase:
       *[other] { $count } { $type } are worth nothing, and are no purchases:
    }
insights-aside-without-amount =
    { $count ->
        [one] 1 { $type } has no lines, and so no amount:
       *[other] { $count } { $type } have no lines, and so no amount:
    }
insights-aside-customer-archived =
    { $count ->
        [one] 1 { $type } is of an archived customer, who is not counted:
       *[other] { $count } { $type } are of archived customers, who are not counted:
    }
insights-aside-without-customer =
    { $count ->
        [one] 1 { $type } names no customer, and is nobody’s purchase:
       *[other] { $count } { $type } name no customer, and are nobody’s purchases:
    }
insights-aside-amount = (together { $amount })
insights-other-currencies =
    { $count ->
        [one] 1 purchase in another currency than { $currency } is not added to it;
       *[other] { $count } purchases in other currencies than { $currency } are not added to it;
    } { $customers ->
        [one] 1 customer buys in other currencies only, and is told by themselves.
       *[other] { $customers } customers buy in other currencies only, and are told by themselves.
    }
insights-customers = Customers
insights-buyers = Who have bought
insights-revenue = Sales
insights-top-20 = Share of the largest 20 %
insights-top-1 = Share of the largest 1 %
insights-gini = Gini coefficient of sales: { $gini }.
insights-stages = Where customers are
insights-concentration = Concentration
insights-curve = Pareto curve: share of sales by share of customers
insights-share-customers = Share of customers, largest first
insights-share-business = Share of sales (%)
insights-class-a = make the first 80 % of sales
insights-class-b = make the next 15 %
insights-class-c = make the last 5 %
insights-rfm = Recency and frequency
insights-rfm-title = Customers by scores of recency and frequency
insights-rfm-hint = Customers by how lately (R) and how often (F) they bought; 5 is best.
insights-rfm-corner = Score
insights-cohorts = Cohorts
insights-cohorts-title = How many of those who first bought in a month bought again so many months later
insights-cohorts-hint = Customers by the month of their first purchase, and how many of them bought so many months later.
insights-cohort = First purchase
insights-model = Model of customer value
insights-how = How we know
insights-model-chosen = The value to come is foretold by { $model }. Of all models it was nearest to what customers did afterwards.
insights-model-stayed = The value to come is foretold by { $model }, as in the run before. Of all models it was nearest to what customers did afterwards, or no further from it than chance would have it.
insights-model-uncompared = The value to come is foretold by { $model }. There is too little to compare it with other models.
insights-model-shrunk = There is too little to fit any model to: what is expected of a customer lies between how often they bought and how often all do. The risk of loss is the chance to buy nothing within a year.
insights-model-falls-back = The value to come is foretold by { $model }: nobody is seen to leave, and what is expected of a customer lies between how often they bought and how often all do. The risk of loss is the chance to buy nothing within a year.
insights-model-compared =
    Fitted to { $customers } customers until { $until }, compared with what they did in the { $weeks ->
        [one] week
       *[other] { $weeks } weeks
    } after it.
insights-model-name = Model
insights-model-error = Mean error (purchases)
insights-model-useless = of no use
insights-model-ratio = Expected ÷ happened
insights-model-parameters = Estimates
insights-model-value = Value to come: sales of { $years } years, discounted by { $rate } a year. Release { $release }.
insights-naive = as before (to compare with)
insights-mean = mean of one’s own purchases
insights-not-fitted = could not be fitted
insights-model-unbounded = (runs away)
insights-penalised = The estimates are held near common ones where the data do not settle them.
insights-boundary-nobodyleaves = nobody seems ever to leave
insights-boundary-allleavealike = all seem to leave alike
insights-boundary-allbuyalike = all seem to buy alike
insights-boundary-notidentified = the data alone do not tell it
insights-clusters = Groups of customers
insights-clusters-none = There are no distinct groups: any cut would only slice one cloud.
insights-cluster = Group
insights-cluster-recency = Days since last purchase
insights-cluster-frequency = Purchases
insights-baskets = Bought together
insights-baskets-none = No agreed order has lines that name a product: there is nothing to tell from.
insights-baskets-found =
    { $baskets ->
        [one] 1 basket
       *[other] { $baskets } baskets
    }: { $sets ->
        [one] 1 set of products
       *[other] { $sets } sets of products
    } that at least { $least } of them hold, { $rules ->
        [one] 1 rule that holds
       *[other] { $rules } rules that hold
    } in at least half of the cases.
insights-baskets-raised = In 1 % of the baskets there are too many sets to look through: only those are told that at least { $least } baskets hold.
insights-who-buys = Who buys
insights-also-buys = also buys
insights-confidence = in
insights-lift = Lift
insights-known = What is known
insights-known-as-of = As of { $at }, purchases until { $until }, analysis { $run }.
insights-known-as-of-nothing = As of { $at }, no purchases yet, analysis { $run }.
insights-changed-since = changed since: { $count } { $type }
insights-changed-orders = changed since: what they bought
insights-gone-since = gone since: { $count } { $type }
insights-known-locked = What analyses found out is shown to whoever sees all orders of this customer.
insights-known-never = Nothing has been analysed yet.
insights-known-not-yet = New since the last analysis: the next one will tell.
insights-own-nothing-yet = Nothing has been analysed yet. Ask an administrator to analyse customer value under Insights.
insights-own-as-of =
    { $customers ->
        [one] As of { $at }: over the one customer whose orders you see. Others are not counted.
       *[other] As of { $at }: over the { $customers } customers whose orders you see. Others are not counted.
    }
insights-at-risk = May have left, not lost yet
insights-worth = Value to come
insights-calls = Whom to call first
insights-calls-none = Of those who are not lost yet nobody is likely to have left.
insights-risk-unknown = not known of { $count }
insights-calls-all = All who may have left
insights-locked = Over all customers
insights-locked-why = These are computed over all customers and orders, and are shown to whoever may see all of them.
insights-why-life-stage =
    { $purchases } purchases in { $days ->
        [one] 1 day
       *[other] { $days } days
    }, the last purchase on { $last }. They usually come every { $interval ->
        [one] day
       *[other] { $interval } days
    }; after { $lost ->
        [one] 1 day
       *[other] { $lost } days
    } without a purchase they are overdue, and lost unless they are more likely than not to come back.
insights-why-one-day =
    { $purchases ->
        [one] 1 purchase, on { $last }.
       *[other] { $purchases } purchases, all on { $last }.
    } After { $lost ->
        [one] 1 day
       *[other] { $lost } days
    } without another they are overdue, and lost unless they are more likely than not to come back.
insights-why-expected-back = They have been away for longer, but with a chance of { $chance } to buy within a year they are not lost.
insights-why-other-currencies =
    { $count ->
        [one] 1 of the purchases is in another currency, and not in the sums.
       *[other] { $count } of the purchases are in other currencies, and not in the sums.
    }
insights-why-value = { $expected } purchases expected in a year.
ui-view-as-table = View as table
insights-broken = The analysis broke off; the log of the server says why (search it for { $run }).
insights-cut-off = The program was ended twice while it did this, so it is not tried again by itself. Ask for it again.
insights-left-nothing = Nothing was changed.
insights-left-half = By then it may have written to some customers what it found; the next analysis of all writes the rest.
insights-left-merged =
    { $count ->
        [0] By then it may have written pairs that wait for a decision; nobody was merged.
        [one] By then it had merged 1 customer, who stays merged, and may have written pairs that wait for a decision.
       *[other] By then it had merged { $count } customers, who stay merged, and may have written pairs that wait for a decision.
    }
insights-moves = Who moved since the run before

segment-new = New segment
segment-edit = Change the segment
segment-of-list = Make a segment of these
segment-condition = Who is in it
segment-group = How the conditions are joined
segment-all = All of these hold
segment-any = At least one of these holds
segment-none = None of these holds
segment-add-field = Condition
segment-add-related = Linked records
segment-add-group = Group
segment-choose = Choose
segment-field = What
segment-freeze = Keep exactly these customers
segment-how = How
segment-value = With what
segment-related = Which records
segment-how-many = How many
segment-preview = Who that is
segment-took = Found among all customers in { $ms } ms.
segment-nobody = Nobody.
segment-best = Who bought for most
segment-to-come = Value to come
segment-profile = What they are like
segment-figure = Figure
segment-these = These
segment-everyone = Everyone
segment-share-of-customers = Share of all customers
segment-buyers = Have bought
segment-orders = Orders of a buyer
segment-order-value = Value of an order
segment-reduced = Lines at a discount
segment-price-elasticity = Change of what they buy when it costs 1 % more (price elasticity, %)
segment-cases = Cases for 100 customers
segment-risk = Risk that they have left
segment-expected = Purchases to expect in a year
segment-categories = What they spend on
segment-products = Which products they buy
segment-channels = By which channel they order
segment-months = When they spent
segment-overlap = Also in
segment-moves = Who came and who went
segment-no-moves = Nobody since it was last changed. It is looked at every ten minutes.
segment-came = came in
segment-left = left
segment-changed-meanwhile = Somebody else has changed this segment meanwhile. Open it again, and change it anew.
words-and = and
words-or = or
words-not = not ({ $condition })
words-none = no record
words-nothing = nothing
op-eq = is
op-ne = is not
op-lt = less than
op-before = before
op-le = at most
op-gt = more than
op-ge = at least
op-since = since
op-in = is one of (with commas)
op-not-in = is none of (with commas)
op-contains = contains
op-starts = starts with
op-within = within
op-empty = is empty
op-filled = is filled
period-last-90-days = Last 90 days
period-last-180-days = Last 180 days
period-last-365-days = Last 365 days
period-30-days-ago = 30 days ago
period-60-days-ago = 60 days ago
period-90-days-ago = 90 days ago
period-180-days-ago = 180 days ago
period-365-days-ago = 365 days ago
period-730-days-ago = Two years ago

notice-title = Notices
notice-none = Nothing to tell. Subscribe to a segment on its page.
notice-unread = { $count } unread
notice-read = Mark all as read
notice-decline = Do not tell me this any more
notice-segment-title = { $name }: { $moves } moved
notice-segment =
    { $count ->
        [one] 1 customer is in the segment.
       *[other] { $count } customers are in the segment.
    }
notice-segment-worth =
    { $count ->
        [one] 1 customer is in the segment; they have bought for { $revenue }.
       *[other] { $count } customers are in the segment; they have bought for { $revenue }.
    }
notice-came = { $count } came in: { $names }
notice-left = { $count } left: { $names }
notice-list-title = { $name }: { $new } new
notice-list = { $count } in all.
notice-new = { $count } new: { $names }
notice-proposal = Proposed: { $proposal }
notice-approval = “{ $title }” waits for your decision
notice-approved = “{ $title }” was approved
notice-returned = “{ $title }” was returned
subscribe-title = Tell somebody
subscribe-who = Who is told
subscribe-role = Everybody of a role
subscribe-save = Subscribe

segment-alike = Find customers like these
segment-alike-how = Learnt from { $members } of the segment and { $others } other buyers, by what is known of everybody from the beginning; on customers that it had not seen it puts one of the segment before another in { $area } of all pairs (0.5 is guessing). Looked through: { $among } who have not bought yet.
segment-alike-guess = By what is known of everybody from the beginning these { $members } cannot be told from { $others } others better than by guessing ({ $area } of pairs), so nobody is named.
segment-alike-too-few = There are too few to learn from: { $members } of the segment, { $others } others.
segment-likeness = Likeness
segment-because = Because of

insights-offers = What to offer next
insights-offer-why = They have bought { $given }; of the sales with that, { $share } have this too, { $lift } times as many as of all.
segment-as-of = As of { $at }.

pair-compare = Compare
pair-stays = stays
pair-why = How alike
pair-merge = Merge
pair-household = One household
pair-group = One group
pair-different = These are two
pair-equal = the same
pair-same-letters = the same letters
pair-close = close
pair-related = another one of the house or family
pair-similar = similar
pair-different-values = different
pair-missing = not known
pair-bits = ({ $bits } bits)
pair-place = city or province: { $said }
pair-place-alone = City or province
pair-place-of-name = told by the name
merge-title = Merged customers
merge-into = This customer was merged into
merge-undo = Part them again
merge-undo-confirm = Part these customers again? Everything goes back to where it was.
merge-empty = nothing was there
merge-chosen = chosen by a person
alike-there = This customer may be there already:
insights-run-duplicates = Find duplicates
duplicates-title = Customers that stand here more than once
duplicates-by-rules = There are too few customers to learn from, so each likeness counts as much as it usually does.
duplicates-compared = Pairs compared
duplicates-reliability = Whether the certainty means what it says
duplicates-reliability-decided = Of the pairs that people here have decided.
duplicates-reliability-made-up = Fewer than 100 pairs are decided here, so this was measured on made-up customers with errors as people make them.
duplicates-reliability-told = Certainty
duplicates-reliability-pairs = Pairs
duplicates-reliability-true = Were one customer
duplicates-merged = Merged by itself
duplicates-queue = Decide
standing-title = Value and capability
standing-value = The customer's value
standing-capability = Our capability to serve
standing-low = low
standing-middle = middle
standing-high = high
standing-version = { $model }, version { $version }
standing-weights-not-100 = { $model } is not computed: its weights total { $total } %, not 100 %.
measure-complaints = Complaints for each purchase
standing-not-a-measure = { $model } is not computed: “{ $measure }” is no number that is known of customers.
standing-none = No composite score is in use. With one of the customer's value and one of our capability to serve, this shows who fits us.
standing-make = Composite scores
terms-title = Terms
terms-why = Because of: { $why }
payment-title = Payment record and terms
lost-title = Lost customers
lost-reason = Why they left
lost-unknown = Not known yet
lost-list = Win them back
lost-hint = What they bought for in the year before their last purchase, and how likely they are to buy again within a year.
chart-new = New chart
chart-edit = Edit the chart
chart-preview = Preview
chart-made-of = What it is made of
chart-count = Number of { $type }
chart-sum = Sum of { $field }
chart-average = Mean of { $field }
chart-min = Smallest { $field }
chart-max = Largest { $field }
chart-none = Not set
chart-none-of-any = None of these records has this filled in.
chart-not-analysed = Not analysed yet
chart-not-analysed-of-any = Not analysed yet: an administrator starts the analysis under Insights.
chart-unknown = Not known
chart-unknown-of-any = Nothing is known of these records yet.
chart-list = Show the records
chart-others = All others
chart-before = Before { $day }
chart-unseen-earlier =
    { $number ->
        [one] 1 group before { $first } is not shown by itself.
       *[other] { $number } groups before { $first } are not shown one by one.
    }
chart-unseen-later =
    { $number ->
        [one] 1 group after { $last } is not shown.
       *[other] { $number } groups after { $last } are not shown.
    }
chart-unseen-others = { $number } more groups are not shown one by one: { $names }.
chart-unseen-series = { $number } more columns are not shown.
chart-target = Share of what it should be
chart-of-target = { $share } of { $target }
dashboard-as-of = As of { $at }, from the records that you may see.
chart-by-day = by day
chart-by-month = by month
chart-by-quarter = by quarter
chart-by-year = by year
chart-nothing = Nothing
chart-new-dashboard = A new dashboard
chart-dashboard-name = Name of the new dashboard
chart-choose-group = Choose what there is to be a mark for.
chart-choose-split = A heat map needs two: choose what the columns are.
subscribe-always = always
notice-charts-title = { $name }: the numbers
notice-alert-title = { $name }: a number needs you
notice-above =
    { $count ->
        [one] 1 of its numbers is above { $limit } now.
       *[other] { $count } of its numbers are above { $limit } now.
    }
notice-below =
    { $count ->
        [one] 1 of its numbers is below { $limit } now.
       *[other] { $count } of its numbers are below { $limit } now.
    }
standard-chart-revenue = Sales of the last twelve months
standard-chart-revenue-now = Sales of this month
standard-chart-countries = Sales by country
standard-chart-stages = Customers by stage of life
standard-chart-classes = Class and relationship
standard-chart-tasks = Open tasks
standard-chart-my-tasks = My open tasks by day
standard-chart-open-cases = Open cases
standard-chart-cases = Open cases by priority and status
standard-chart-new-cases = New cases by month
insights-soon-for = For a purchase soon: { $why }.
insights-soon-against = Against a purchase soon: { $why }.
insights-soon-and = {"; "}
insights-soon-purchases = number of purchases
insights-soon-this_year = purchases in the last year
insights-soon-recency = days since the last purchase
insights-soon-tenure = days since the first purchase
insights-soon-mean = mean purchase
insights-soon-overdue = away for longer than usual
propensity-title = Who buys soon
propensity-cases =
    Learnt from { $cases ->
        [one] 1 customer as they were { $days } days ago; { $bought } has bought since.
       *[other] { $cases } customers as they were { $days } days ago; { $bought } of them have bought since.
    }
propensity-too-few = Too few bought, or too few did not: nobody's chance is told.
propensity-all-alike = The customers are too much alike to be told apart: nobody's chance is told.
propensity-no-better-than-guessing = On customers it had not seen the model is no better than guessing: nobody's chance is told.
propensity-held-out = On customers not learnt from
propensity-model = Model
propensity-naive = Naive
propensity-area = Area under the curve (naive: who bought last buys next)
propensity-brier = Mean squared error (naive: all the same share)
propensity-compared = What would have been said { $days } days ago about who buys within { $days } days, by tenths of the customers
propensity-compared-folds = What is said of customers that were not learnt from about who buys within { $days } days, by tenths of them
propensity-said = Said
propensity-came = Came
propensity-coefficients = What moves the chance, in log-odds:
propensity-list = Who buys soon
segment-service-cost = Cost of service per customer
