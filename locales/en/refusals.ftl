# Why something was not done, and what to do. `code` is stable; the sentence is not.

words-yes = yes y true 1 on
words-no = no n false 0 off
import-error-line = Line
import-error-reason = Reason

refusal-already-taken = Another record already has this. Choose another value, or open that record.
refusal-already-there = { $type } “{ $value }” already exists. Use update or upsert to change it.
refusal-archiving-goes-on = These records are being archived, or taken back, at this moment. Look again in a minute.
refusal-archived-there = { $type } “{ $value }” was archived. Restore it first, or say archived = "restore" in the mapping: then the import brings it back.
refusal-already-undone = This change is undone already.
refusal-backup-not-embedded = PostgreSQL has its own backup: use pg_dump, and pg_restore to put it back.
refusal-cell-error = The cell holds an error of the spreadsheet: { $value }. Mend its formula, or empty it.
refusal-cell-not-computed = The cell holds a formula whose result was not saved: { $value }. Open the file in a spreadsheet and save it again.
refusal-cell-too-long = A cell in row { $line } holds more than { $limit } letters, more than a spreadsheet can. Shorten it. Nothing was imported.
refusal-changed-since = “{ $title }” ({ $type }) was changed again since. Undo the later change first.
refusal-closed-before-opened = The closing time lies before the opening time. Correct one of them.
refusal-closed-but-open = A case with a closing time must be closed. Set the status to closed or clear the time.
refusal-column-missing = Say which column “{ $name }” comes from.
refusal-column-repeated = Several columns are called “{ $name }”, at the places { $positions }. Say in the mapping which one is meant: position, with one of these numbers.
refusal-control-character = The text holds a character that cannot be shown. Type it again.
refusal-currency-ambiguous = “{ $value }” (line { $line }) has no currency, “{ $value2 }” (line { $line2 }) has another than usual. Say in the mapping under [file] which currency amounts without one are in, such as currency = "CNY".
refusal-currency-disagrees = “{ $value }” is not in { $currency }. State the right currency in the mapping, or write the amount with its code, such as “12.50 USD”.
refusal-cycle = The record would stand above itself. Choose another.
refusal-date-order-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }, and nothing in the file tells which. Say in the mapping under [file]: date_order = "day_first" or "month_first" (or "year_first").
refusal-date-order-contradictory = The file writes dates in two orders: “{ $value }” (line { $line }) is { $first }, “{ $value2 }” (line { $line2 }) is { $third }. Say in the mapping which one holds, for the file or for a column: date_order = "day_first" or "month_first". Lines with the other are refused then.
refusal-decimal-mark-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }, and nothing in the file tells which. Say in the mapping under [file]: decimal_mark = "." or ",".
refusal-decimal-mark-contradictory = The file writes numbers in two ways: “{ $value }” (line { $line }) is { $first }, “{ $value2 }” (line { $line2 }) is { $third }. Say in the mapping which one holds, for the file or for a column: decimal_mark = "." or ",". Lines with the other are refused then.
refusal-digits-lost = “{ $value }” has more digits than a spreadsheet keeps: the last ones are not to be trusted. Format the column as text in the spreadsheet and type them again, or import a CSV file.
refusal-digits-rounded = “{ $value }” is what a spreadsheet made of a longer number: its digits are lost. Format the column as text in the spreadsheet, type them again, and save the file anew.
refusal-custom-field-in-use = { $count ->
        [one] “{ $name }” holds a value in 1 record, so its name in code, its record type and its kind stay. Change its label instead, or archive it and define another field.
       *[other] “{ $name }” holds a value in { $count } records, so its name in code, its record type and its kind stay. Change its label instead, or archive it and define another field.
    }
refusal-too-many-custom-fields = There are { $limit } custom fields already, the most that all record types may have together. Nothing was changed. Archive one that nobody needs any more first.
refusal-disk-full = The disk of the server is full. Nothing was changed. Ask the administrator to make room.
refusal-database-away = The database does not answer. Nothing was changed. Try again in a moment; if it goes on, ask the administrator to look whether PostgreSQL runs and has connections left.
refusal-database-busy = The database is busy with other work. Nothing was changed. Try again in a moment.
refusal-database-damaged = The database file is damaged, or it is none of Guanxi. Nothing was changed. Stop Guanxi, move the file away and put a backup back with “guanxi restore”.
refusal-database-read-only = The data folder cannot be written to. Nothing was changed. Give it to the account that Guanxi runs under, or start Guanxi under the account that it belongs to.
refusal-disk-fails = The disk of the server does not take what is written: it is full or broken. Nothing was changed. Ask the administrator to look at it.
refusal-due-before-date = The due date lies before the date of the invoice. Choose a later one.
refusal-finer-than-a-coin = “{ $value }” cannot be paid or owed: it is finer than the smallest coin. Write { $rounded }.
refusal-field-filled-twice = Two columns would fill it: “{ $first }” and “{ $second }”. Choose one of them, and leave the other out.
refusal-file-broken = The file is broken: { $reason }. Nothing was imported. Save it again and retry.
refusal-file-exists = “{ $file }” is there already and is not written over. Move it away or choose another name.
refusal-file-empty = The file has no header line. One of its first lines must name the columns.
refusal-file-too-large = The file is larger than { $limit } MB. Split it, or import it from the command line.
refusal-file-unreadable = The file cannot be read: { $reason }.
refusal-filter-too-deep = The filter is nested deeper than { $limit } levels. Make it simpler.
refusal-filter-too-large = The filter has more than { $limit } conditions. Make it simpler.
refusal-format-unclear = “{ $value }” has the number format { $format }, and what its words mean is not known. Give the column a plain number format, with amounts in full, and state the currency in the mapping.
refusal-form-was-saved = This form was saved before, as “{ $title }”. What it says now is something else, and is not saved.
refusal-form-was-taken-back = This form was saved before, and what came of it was taken back or put away since. Nothing was saved now.
refusal-import-running = This import is being worked on, or was cut off less than a minute ago. Stop it first, or wait for a minute.
refusal-import-cannot-go-on = This import cannot go on where it stopped: its file is not the one that it began with, or what was kept of it is gone. Undo it and import the file again.
refusal-import-ends-the-program = The program ended twice while it read this file, so it is not tried again. Save the file anew, split it, or ask the administrator.
refusal-import-of-leaver = Whoever began this import may not sign in any more, so it was not done. Begin it again under your own name.
refusal-key-reused = This idempotency key belongs to another request. Use a new one.
refusal-line-too-long = Line { $line } is longer than { $limit } KB. Is a quotation mark missing, or is this not a table? Nothing was imported.
refusal-line-without-product = Choose a product or write what is sold.
refusal-list-price-other-currency = The product is listed at { $price }, and the other lines are in { $currency }. Enter a price in { $currency }.
refusal-link-broken = A record that this one needs is gone. Load the page again.
refusal-is-archived = { $type } “{ $title }” was archived. Restore it first, then change it.
refusal-is-merged = { $type } “{ $title }” was merged into “{ $survivor }”. Change that one.
refusal-lowers-what-is-owed = This would lower what a customer with a credit limit owes. Whoever may set credit limits can do it or allow it: ask for approval, or leave it to whoever keeps the books.
refusal-link-to-archived = { $type } “{ $title }” was archived. Restore it first, or choose another.
refusal-link-to-merged = { $type } “{ $title }” was merged into “{ $survivor }”. Choose that one.
refusal-link-to-nothing = There is no { $type } “{ $value }”. Create it first or correct the value.
refusal-several-of-name = “{ $value }” is the name of several: { $some }. Choose the one that is meant, or write what only it has, such as its number.
refusal-none-of-name = No { $type } is called “{ $value }”. Like it are: { $some }. Choose the one that is meant, or write its whole name or number.
refusal-mapping-empty = Nothing is mapped. Choose at least one record type and one field.
refusal-marks-disagree = “{ $value }” does not fit: in this file “{ $mark }” stands before decimals, and thousands stand in groups of three. Correct it, or state the decimal mark of its column.
refusal-match-empty = The field by which records are known is empty. Fill it in, or choose another match field.
refusal-match-not-mapped = A match field must be mapped to a column as well.
refusal-mixed-currencies = All lines must be in one currency.
refusal-money-needs-currency = Write the amount with its currency, such as “12.50 CNY”.
refusal-needs-a-list = Give a list of values.
refusal-no-header-row = The file has no row { $value } that could name the columns. Count the rows as the spreadsheet or the editor does, title and empty ones included.
refusal-not-a-boolean = “{ $value }” is neither yes nor no.
refusal-not-a-backup = “{ $file }” is not a whole backup of Guanxi: { $reason }. Nothing was changed. Choose another.
refusal-not-a-collection-format = “{ $name }” is not a field of that type, its pattern is not a regular expression, or its format has other words than required, pattern, choices and help.
refusal-not-a-currency = “{ $value }” is not a currency. Use the three letters of ISO 4217, such as CNY.
refusal-not-a-date = “{ $value }” is not a date. Write it as 2026-03-18.
refusal-not-a-decimal-mark = “{ $value }” is no decimal mark. Use “.” or “,”.
refusal-not-a-delimiter = “{ $value }” is no delimiter. Use one character, such as “;”, or tab.
refusal-not-a-field-name = “{ $value }” cannot be a name in code. Use small letters, digits and _, starting with a letter.
refusal-not-a-link-here = “{ $name }” does not link to { $type }.
refusal-not-a-number = “{ $value }” is not a number.
refusal-not-a-number-field = “{ $name }” cannot be computed so. Choose a number.
refusal-not-a-period = “{ $value }” is not a period. Use words such as last_30_days or this_month.
refusal-not-a-phone = “{ $value }” is not a telephone number. Use digits, spaces and a leading +.
refusal-not-a-share = A discount lies between 0 and 100 %.
refusal-not-a-tax-rate = A tax rate lies between 0 and 100 %.
refusal-not-a-table = This file is no table. Save it as an Excel workbook (.xlsx) or as CSV.
refusal-not-a-time = “{ $value }” is not a time. Write it as 2026-03-18T09:30:00+08:00; of a span such as 09:00-10:00 write the beginning alone.
refusal-time-not-once = “{ $value }” is twice or never on the clock of { $zone }, where it is set forward or back then. Write it with its offset, such as +01:00.
refusal-time-not-there = There is no { $value }: the clocks are put forward then. Write a time before or after.
refusal-time-twice = { $value } comes twice: the clocks are put back then. Choose which of the two is meant.
refusal-not-a-time-field = Only dates and times can be put together by day, month, quarter or year.
refusal-not-a-time-zone = “{ $value }” is not a time zone. Use a name such as Asia/Shanghai.
refusal-not-a-unit = “{ $value }” is no unit that a column counts in. State 1, 10, 100, 1000 and so on.
refusal-not-a-url = “{ $value }” is not a web address.
refusal-not-an-email = “{ $value }” is not an e-mail address.
refusal-not-an-id = “{ $value }” is not the id of a record.
refusal-not-an-object = “{ $name }” must be an object that names fields and their values.
refusal-not-an-integer = “{ $value }” is not a whole number.
refusal-not-an-option = “{ $value }” is not one of: { $options }.
refusal-not-comparable = “{ $name }” cannot be compared by “{ $operation }”.
refusal-not-json = This is not JSON: { $value }
refusal-not-made-before = The same line must make a { $type } before this field can link to it.
refusal-not-sortable = A list cannot be sorted by “{ $name }”.
refusal-not-there = There is no { $type } “{ $value }” to update.
refusal-sum-too-large = The sum is larger than any number that is kept. Choose fewer records.
refusal-nothing-compared = “{ $name }” is compared with nothing. Give a value, leave the condition out, or ask for records without one: { $name }.empty=true.
refusal-not-yours-to-change = The record that this line names is not yours to change. Ask whoever answers for it.
refusal-option-in-use = { $count ->
        [one] 1 record has “{ $value }”. Give it another value first.
       *[other] { $count } records have “{ $value }”. Give them another value first.
    }
refusal-payer-not-yours = Who owns or controls a customer may be asked to pay for them. This customer has a credit limit: whoever may set credit limits says who that is.
refusal-password-too-short = A password has at least { $limit } characters.
refusal-percent-ambiguous = “{ $value }” (line { $line }) can be { $first } or { $second }: “{ $value2 }” (line { $line2 }) in the same column “{ $column }” is per cent. Say of that column in the mapping, or under [file]: plain_percent = "percent" or "fraction".
refusal-percent-unsaid = “{ $value }” (line { $line }) in the column “{ $column }” can be { $first } or { $second }: no number of it is more than 1 or says per cent. Say of that column in the mapping, or under [file]: plain_percent = "percent" or "fraction".
refusal-percent-not-here = “{ $value }” is per cent, but this field is not. Write the number itself.
refusal-quote-not-closed = A quotation mark that opens in line { $line } is never closed: the file is cut off, or the mark is one too many. Nothing was imported. Correct that line.
refusal-quote-swallows-rows = A quoted cell holds several lines that look like rows of the table: a quotation mark is missing or one too many. Correct the line.
refusal-read-only = “{ $name }” is computed and cannot be written.
refusal-record-held = Somebody else is changing this record, or what belongs to it, and has not finished yet. Nothing was changed. Try again in a moment; if it goes on, ask the administrator which work takes so long.
refusal-repeated-in-file = { $type } “{ $value }” comes twice in this file.
refusal-required = Fill this in.
refusal-required-not-mapped = “{ $name }” must be filled, and no column fills it. Choose its column.
refusal-several-there = There are { $count } records of the type { $type } with “{ $value }”: which one is meant cannot be told. Name it by something that only one has, such as its number.
refusal-still-linked = “{ $title }” cannot be removed: { $type } “{ $by }” still links to it.
refusal-schema-lacks = The database says that it is at schema { $number }, but “{ $what }” is not there or has another shape: it was made by another build of this program, or changed by hand. Use the program that made it, put a backup back, or begin with a new data folder.
refusal-schema-edited = The database took migration { $number } ({ $name }) when it said something else: it was made by another build of this program. Use the program that made it, or begin with a new data folder and import.
refusal-schema-newer = The database is at schema { $taken }, this program knows only { $known }. Use a newer program, or put a backup back that was made with this one.
refusal-text-after-quote = Text follows the quotation mark that ends a cell. Double the marks within the cell, or take one away.
refusal-still-linked-unseen = “{ $title }” cannot be removed: something that you may not see ({ $type }) was added to it since.
refusal-still-shared = “{ $title }” cannot be removed: it is shared with somebody. End the sharing first, or archive it.
refusal-too-large = The number is too large.
refusal-too-long = At most { $limit } characters.
refusal-too-many-formats = The workbook has more than { $limit } cell formats, more than a spreadsheet can. Save it as CSV.
refusal-too-many-merged = More than { $limit } groups of cells are merged. Split them, or save the sheet as CSV.
refusal-too-many-parts = The workbook has more than { $limit } parts. Save the sheet alone, or as CSV.
refusal-too-many-texts = The workbook holds more than { $limit } different texts. Split it, or save it as CSV.
refusal-too-many-columns = The file has more than { $limit } columns.
refusal-too-many-groups = More than { $limit } groups. Narrow the filter.
refusal-too-many-items = At most { $limit } values.
refusal-too-many-refused = More than { $limit } lines were refused: the mapping seems wrong. Undo the import and correct it.
refusal-too-many-rows = A worksheet holds at most { $limit } rows. Export as CSV, or narrow the filter.
refusal-too-many-sorts = Sort by at most { $limit } fields.
refusal-too-precise = “{ $value }” has more digits after the point than are kept.
refusal-total-row = “{ $value }” looks like a sum in a table, not like a record. Take the line out. If it is a record, fill in more of it, or take #TOTAL-ROW out of it in the file of refused lines and import that.
refusal-footer-row = “{ $value }” looks like what stands below a table: who signed it, when it was printed. Take the line out. If it is a record, fill in more of it, or take #FOOTER-ROW out of it in the file of refused lines and import that.
refusal-section-row = “{ $value }” stands alone in its line, like a heading between records, not like a record. Take the line out. If it is a record, fill in more of it, or take #SECTION-ROW out of it in the file of refused lines and import that.
refusal-header-unclear = Line { $line } (“{ $value }”) may be a record and name no columns, or the names may stand above it. Say in the mapping under [file] which line names the columns: header_row = { $line }, or header_row = 0 where none does.
refusal-header-again = The line names the columns once more. Take it out.
refusal-try-again = Somebody else was writing at the same moment. Try again.
refusal-twin-there = There is a { $type } “{ $value }” already ({ $count }). Say what is to be done: twins = "update", "make" or "leave_out" in the mapping.
refusal-undecided = Say first how the file is read: something is asked above and not answered yet.
refusal-undo-half-done = { $done } of { $all } parts are undone, then somebody else was in the way. Undo it again once that is settled: it goes on from here.
refusal-undo-job-first = The import of “{ $file }” made what stands in the way. Undo that one first.
refusal-undo-nothing-done = { $count ->
        [one] Nothing was undone: 1 record was changed or built upon since.
       *[other] Nothing was undone: { $count } records were changed or built upon since.
    }
refusal-unknown-bucket = “{ $name }” is not day, month, quarter or year.
refusal-unknown-column = The file has no column “{ $name }”. It has: { $columns }.
refusal-column-per-mille = The column “{ $name }” counts per thousand, and its field is in per cent. Write per cent in the file, and name the column so.
refusal-unit-ambiguous = “{ $value }” (line { $line }) in the column “{ $column }” can be { $first } or { $second }: what its numbers count in is not clear. Say of that column in the mapping which of { $choices } it is, such as unit = 1000; unit = 1 where its numbers are in full.
refusal-unit-disagrees = “{ $value }” says another unit than its column, which counts in { $unit }. Write the number out, or as the column has it.
refusal-unit-unclear = What stands behind the number in “{ $value }” may mean thousands or millions, or something else. Write the number out.
refusal-unknown-encoding = “{ $value }” is not an encoding. Use a name such as utf-8, gb18030 or utf-16le.
refusal-encoding-contradicted = The file is { $choices }, as “{ $value }” shows, and not in the encoding that the mapping states. Say in the mapping under [file]: encoding = "{ $choices }".
refusal-encoding-not-read = The file is in { $value }, which is not read here. Save it as UTF-8.
refusal-unknown-field = { $type } has no field “{ $name }”.
refusal-unknown-measure = “{ $name }” is not count, or sum, avg, min or max of a field.
refusal-unknown-operation = “{ $name }” is not a way to compare.
refusal-unknown-position = The file has no column “{ $name }” at place { $value }. It has: { $columns }.
refusal-sheets-hidden = Nothing stands in the sheets that are shown; hidden are: { $sheets }. Show the one that is meant and save the workbook, or name it in the mapping under [file]: sheet.
refusal-unknown-sheet = The workbook has no sheet “{ $name }”. It has: { $sheets }.
refusal-unknown-type = There is no record type “{ $name }”.
refusal-unpacks-too-large = The file unpacks to more than { $limit } MB and was refused. A workbook can be saved as CSV; a gzipped text can be split, or unpacked and imported from the command line.
refusal-unreadable-characters = The line holds characters that cannot be read in the encoding of the file. It is shown as it most likely was meant: check its letters, or state the encoding.
refusal-web-page-not-table = This is a web page that is only called a table (HTML or MHTML), as many programs export it. Open it in a spreadsheet and save it as an Excel workbook (.xlsx).
refusal-workbook-binary = This is a binary Excel workbook (.xlsb). Open it in Excel and save it as .xlsx.
refusal-workbook-broken = The workbook is broken: { $reason }.
refusal-workbook-of-other-program = This workbook is of another format than .xlsx. Open it in the program that it comes from and save it as an Excel workbook (.xlsx).
refusal-workbook-old = This is an old Excel file (.xls). Open it in Excel or another spreadsheet and save it as .xlsx.
refusal-workbook-protected = This workbook is protected by a password. Open it, take the password away, and save it again as .xlsx.
refusal-wrong-column-count = The line has { $found } columns, the header { $wanted }. Is it cut off, or is a quotation mark missing? In the file of refused lines #MISSING! stands for each cell that is missing: put in what belongs there, or nothing.
refusal-wrong-cursor = The page mark is not valid for this list. Start again at the first page.
refusal-wrong-filter = This is not a filter: { $value }
refusal-wrong-list-address = “{ $value }” does not lead to a list. Copy what stands after the question mark in the address of the list.
refusal-wrong-mapping = The mapping cannot be read: { $reason }
refusal-wrong-shape = “{ $value }” is not a { $kind }.
refusal-wrong-sign-in = E-mail or password is wrong.
refusal-sign-in-throttled = { $minutes ->
        [one] Too many attempts. Wait 1 minute.
       *[other] Too many attempts. Wait { $minutes } minutes.
    }
refusal-not-signed-in = Sign in first.
refusal-csrf = This page is too old. Load it again and repeat what you did.
refusal-body-too-large = The request is larger than { $limit } MB.
refusal-wrong-body = The request cannot be read: { $reason }
refusal-version-missing = State the version that you read.
refusal-unknown-format = “{ $name }” is not csv or xlsx.
refusal-unknown-action = “{ $name }” is not an action.
refusal-job-not-open = That cannot be done with this import as it stands: it was stopped, done or undone meanwhile. Load the page again.
refusal-too-many-records = At most { $limit } records at once.
refusal-file-missing = Choose a file.
refusal-changed-meanwhile = Somebody else changed this meanwhile to “{ $value }”. Save again to keep yours.
refusal-not-as-collected = “{ $value }” is not what this collection point takes: { $format }.
refusal-collection-point-closed = The collection point “{ $name }” is not in use. Choose another, or put it into use again.
refusal-field-not-yours = You may not change { $name }. Leave it as it is.
refusal-field-not-readable = You may not see { $name }, so you cannot filter, sort or group by it.
refusal-may-not-assign = You may not say who answers for this record. Ask somebody who may.
refusal-owner-decides = Only the owner of a view says who sees and who changes it. Keep it as a view of your own.
refusal-may-not-tell-role = You may not have everybody of a role told. Choose a person, or ask somebody who may give all subscriptions to others.
refusal-may-not-tell = You may have yourself, your team and whom you lead told. Choose one of them, or ask somebody who may give subscriptions to others.
refusal-outside-your-scope = You may make such records only for what you answer for yourself. Choose another owner or customer.
refusal-too-many-shares = A record can be shared with { $limit } people and teams at most. Share it with a team.
refusal-more-than-was-shared = You see this only because it was shared with you: share it no longer and no further than it was shared with you.
refusal-not-with-oneself = You cannot share with yourself what was shared with you. Ask whoever shared it.
refusal-not-a-condition = “{ $value }” is not a condition. Write conditions as in the address of a list, such as status=confirmed&total.lt=5000.
refusal-condition-needs-a-type = A condition needs one record type. Choose a type instead of *.
refusal-condition-not-complete = “{ $name }” is compared with nothing yet. Choose a value, or take this condition away.
refusal-ends-before-it-begins = The last day is before the first day.
refusal-own-substitute = Nobody stands in for themselves. Choose somebody else.
refusal-password-too-easy = This password is easy to guess. Choose a few words that do not belong together.
refusal-password-breached = This password is known to attackers. Choose another.
refusal-wrong-password = The current password is not right.
refusal-wrong-code = This code is not right, or it was used before. Wait for the next one.
refusal-second-factor-lost = The second factor cannot be read: the key of the server has changed. Ask an administrator to take it off.
refusal-oidc-failed = Signing in with the provider did not work. Try again, or sign in with your password.
refusal-oidc-unknown-user = The provider knows you, but there is no account with your confirmed e-mail address here. Ask an administrator.
refusal-link-expired = This link is not good any more. Ask for a new one.
refusal-token-days = A token is good for 1 to { $limit } days.
refusal-token-scopes = “{ $value }” is no purpose. There are: { $names }.
refusal-too-many-requests = { $seconds ->
        [one] Too many requests. Try again in 1 second.
       *[other] Too many requests. Try again in { $seconds } seconds.
    }
refusal-server-busy = { $seconds ->
        [one] Too many people are signing in at this moment. Try again in 1 second.
       *[other] Too many people are signing in at this moment. Try again in { $seconds } seconds.
    }
refusal-waits-for-approval = This record waits for approval and cannot be changed until it is decided. Take the request back if you want to change it.
refusal-over-your-limit = { $name } is { $value }; you decide up to { $limit }. Ask for approval.
refusal-deliveries-stopped = { $told ->
        [yes] Nothing more is delivered to this customer until they have paid: terms “{ $terms }”{ $payment ->
            [prompt] , payment record on time
            [late] , payment record late
            [bad] , payment record bad
           *[none] {""}
        }.
       *[no] Nothing is delivered to this customer at present.
    } A sale to them needs approval.
refusal-not-who-ordered = The order is another customer’s. Ask whoever ordered, or the customer that owns or controls them.
refusal-credit-limit-exceeded = { $told ->
        [yes] The customer would owe { $owed }; they may owe { $limit }.
       *[no] The customer’s credit is used up.
    } A sale to them needs approval.
refusal-no-approval-rule = There is no approval chain for this. Ask an administrator to set one up.
refusal-no-approver = A step of the approval chain has nobody to ask. Ask an administrator to complete it.
refusal-own-request = Nobody approves their own request. Choose somebody else.
refusal-already-decided = This was decided already.
refusal-comment-missing = Say in a few words why it is returned.
refusal-not-a-person = Only customers and contacts can be persons.
refusal-not-confirmed = The name is not the same. Write it exactly as it is shown.
refusal-too-small = At least { $limit }.
refusal-needs-all-customers = This analysis tells sums over all customers. It can be asked for only by somebody who may see all customers and orders: ask an administrator.
refusal-owner-needs-all-customers = { $name } asked for this analysis, and may not see all customers and orders, whose sums it tells. Whoever may see them all asks for it anew, or gives { $name } the rights.
refusal-too-many-marks = Between 1 and { $limit } marks can be shown.
refusal-needs-alert = Numbers have no moment of their own: choose a rhythm, or a number above or below which you want to be told.
refusal-not-a-cluster-address = “{ $value }” is no address of a cluster: it looks like ballista://host:50050.
refusal-not-a-warehouse-address = “{ $value }” is no place for the warehouse: name a folder, or an address such as s3://bucket/folder.
refusal-warehouse-damaged = Files of the warehouse are damaged: { $tables }. Run “guanxi warehouse catch-up”: it makes them anew from the database.
refusal-analysis-failed = Analysis { $run } could not be done: { $problem }
refusal-not-built-in = This program was built without { $feature ->
        [cluster] its part for clusters
        [ldap] sign-in by directories (LDAP)
        [oidc] sign-in by OpenID Connect
        [s3] warehouses in S3 buckets
       *[other] its engine for SQL
    }: build it with “cargo build --release --features { $feature }”, or use a release with all parts (“--features full”).
refusal-unknown-segment = There is no segment { $value }, or you may not see it.
refusal-segment-cycle = This segment leads to itself, or through more than five others.
refusal-not-in-warehouse = { $type }: “{ $name }” cannot be asked of all customers at once.
refusal-not-an-hour = “{ $value }” is not an hour of the day. Use 0 to 23.
refusal-merge-with-itself = A customer cannot be merged with itself. Choose another.
refusal-already-merged = One of the two customers is put away already. Bring it back first, or choose another.
refusal-not-open = This was decided already. Open the pair to see how.
refusal-not-of-the-pair = The customer that stays must be one of the two. Choose one of them.
refusal-discount-out-of-range = A discount is from 0 to 100 %. Correct it.
refusal-must-not-be-negative = This must not be less than 0. Correct it.
refusal-weight-out-of-range = A weight is from 0 to 100 %. Correct it.
refusal-score-of-scores = A score is not made of scores: these are known only after all of them are computed. Take what the other score is made of.
refusal-not-a-measure = “{ $name }” is no number that is known of customers. Take the name of a field of numbers, such as revenue, purchases or churn_risk, or complaints.
