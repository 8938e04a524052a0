# 未执行的原因与处理办法。代码不变，措辞可变。

words-yes = 是 有 对 真
words-no = 否 无 不 假
import-error-line = 行号
import-error-reason = 原因

refusal-already-taken = 已有其他记录使用该值。请换一个值，或打开那条记录。
refusal-already-there = { $type }“{ $value }”已存在。如需修改，请用“更新”或“新增或更新”方式。
refusal-archiving-goes-on = 这些记录正在归档或撤销归档，请一分钟后再看。
refusal-archived-there = { $type }“{ $value }”已归档。请先恢复，或在映射中写明 archived = "restore"，由导入恢复它。
refusal-already-undone = 该变更已经撤销。
refusal-backup-not-embedded = PostgreSQL 有自己的备份方式：请用 pg_dump 备份，用 pg_restore 恢复。
refusal-cell-error = 该单元格是电子表格的错误值：{ $value }。请修正公式，或清空该单元格。
refusal-cell-not-computed = 该单元格是公式，但没有保存结果：{ $value }。请用电子表格软件打开文件，重新保存。
refusal-cell-too-long = 第 { $line } 行有单元格超过 { $limit } 个字符，电子表格容纳不下。请缩短。未导入任何内容。
refusal-changed-since = “{ $title }”（{ $type }）之后又被修改过。请先撤销较晚的变更。
refusal-closed-before-opened = 关闭时间早于受理时间，请更正其一。
refusal-closed-but-open = 填写了关闭时间的服务单必须为已关闭状态。请改为已关闭，或清空该时间。
refusal-column-missing = 请说明“{ $name }”来自哪一列。
refusal-column-repeated = 有多列都叫“{ $name }”，位置是第 { $positions } 列。请在映射中用 position 写明其中一个数字。
refusal-control-character = 文本含有无法显示的字符，请重新输入。
refusal-currency-ambiguous = “{ $value }”（第 { $line } 行）没有币种，“{ $value2 }”（第 { $line2 } 行）却是其他币种。请在映射的 [file] 中写明无币种金额的币种，例如 currency = "CNY"。
refusal-currency-disagrees = “{ $value }”不是 { $currency }。请在映射中写明正确的币种，或在金额后写上代码，例如“12.50 USD”。
refusal-cycle = 这样会使记录成为自己的上级，请另选。
refusal-date-order-ambiguous = “{ $value }”（第 { $line } 行）可以是 { $first }，也可以是 { $second }，文件中没有依据可以判断。请在映射的 [file] 中写明：date_order = "day_first" 或 "month_first"（或 "year_first"）。
refusal-date-order-contradictory = 文件中的日期有两种顺序：“{ $value }”（第 { $line } 行）是 { $first }，“{ $value2 }”（第 { $line2 } 行）是 { $third }。请在映射中为整个文件或某一列写明以哪种为准：date_order = "day_first" 或 "month_first"。写法不同的行将被拒绝。
refusal-decimal-mark-ambiguous = “{ $value }”（第 { $line } 行）可以是 { $first }，也可以是 { $second }，文件中没有依据可以判断。请在映射的 [file] 中写明：decimal_mark = "." 或 ","。
refusal-decimal-mark-contradictory = 文件中的数字有两种写法：“{ $value }”（第 { $line } 行）是 { $first }，“{ $value2 }”（第 { $line2 } 行）是 { $third }。请在映射中为整个文件或某一列写明以哪种为准：decimal_mark = "." 或 ","。写法不同的行将被拒绝。
refusal-digits-lost = “{ $value }”的位数超过电子表格能保存的位数，末尾几位不可信。请在电子表格中把该列设为文本并重新填写，或导入 CSV 文件。
refusal-digits-rounded = “{ $value }”是电子表格把更长的数字改写成的形式，原来的位数已丢失。请在电子表格中把该列设为文本，重新填写后再保存。
refusal-custom-field-in-use = “{ $name }”已在 { $count } 条记录中有值，其代码名、记录类型和种类不能再改。可以只改显示名称，或归档后另建字段。
refusal-too-many-custom-fields = 所有记录类型合计已有 { $limit } 个自定义字段，达到上限，未作任何修改。请先归档一个不再使用的字段。
refusal-disk-full = 服务器磁盘已满，未作任何修改。请联系管理员释放空间。
refusal-database-away = 数据库没有响应，未作任何修改。请稍后重试；若持续如此，请管理员检查 PostgreSQL 是否在运行、是否还有可用连接。
refusal-database-busy = 数据库正忙于其他工作，未作任何修改，请稍后重试。
refusal-database-damaged = 数据库文件已损坏，或不是 Guanxi 的数据库，未作任何修改。请停止 Guanxi，移走该文件，并用“guanxi restore”恢复备份。
refusal-database-read-only = 数据文件夹不可写，未作任何修改。请将其交给运行 Guanxi 的账户，或用其所属账户启动 Guanxi。
refusal-disk-fails = 服务器磁盘无法写入：已满或已损坏，未作任何修改。请联系管理员检查。
refusal-due-before-date = 到期日早于开票日期，请选择更晚的日期。
refusal-finer-than-a-coin = “{ $value }”无法支付或赊欠：小于该币种的最小单位。请填写 { $rounded }。
refusal-field-filled-twice = 有两列都要填入：“{ $first }”和“{ $second }”。请只选一列，另一列不导入。
refusal-file-broken = 文件已损坏：{ $reason }。未导入任何内容，请重新保存后再试。
refusal-file-exists = “{ $file }”已存在，不会被覆盖。请将其移走或换一个名称。
refusal-file-empty = 文件没有标题行。开头几行中必须有一行是列名。
refusal-file-too-large = 文件超过 { $limit } MB。请拆分，或用命令行导入。
refusal-file-unreadable = 无法读取文件：{ $reason }。
refusal-filter-too-deep = 筛选条件嵌套超过 { $limit } 层，请简化。
refusal-filter-too-large = 筛选条件超过 { $limit } 个，请简化。
refusal-format-unclear = “{ $value }”的数字格式是 { $format }，其中的文字含义不明。请将该列改为普通数字格式、写出完整金额，并在映射中写明币种。
refusal-form-was-saved = 此表单已保存为“{ $title }”。现在的内容与当时不同，尚未保存。
refusal-form-was-taken-back = 此表单以前已保存，但所建记录后来被撤销或归档。这次没有保存任何内容。
refusal-import-running = 此导入正在处理中，或中断还不到一分钟。请先停止，或稍等一分钟。
refusal-import-cannot-go-on = 此导入无法从停止处继续：文件已不是开始时的文件，或保留的进度已不存在。请撤销后重新导入该文件。
refusal-import-ends-the-program = 读取此文件时程序两次中断，因此不再重试。请重新保存文件、拆分文件，或联系管理员。
refusal-import-of-leaver = 发起此导入的人员已不能登录，因此未执行。请以您自己的名义重新发起。
refusal-key-reused = 该幂等键已用于另一个请求，请换一个。
refusal-line-too-long = 第 { $line } 行超过 { $limit } KB。是否缺少引号，或者这不是表格文件？未导入任何内容。
refusal-line-without-product = 请选择产品，或填写说明。
refusal-list-price-other-currency = 该产品标价为 { $price }，而其他行的币种是 { $currency }。请填写以 { $currency } 计的单价。
refusal-link-broken = 所关联的记录已不存在，请重新加载页面。
refusal-is-archived = { $type }“{ $title }”已归档。请先恢复，再修改。
refusal-is-merged = { $type }“{ $title }”已合并到“{ $survivor }”。请修改后者。
refusal-lowers-what-is-owed = 这会降低有信用额度的客户的欠款。请由可设定信用额度的人办理或批准：请申请审批，或交由财务人员处理。
refusal-link-to-archived = { $type }“{ $title }”已归档。请先恢复，或另选一个。
refusal-link-to-merged = { $type }“{ $title }”已合并到“{ $survivor }”。请选择后者。
refusal-link-to-nothing = 不存在{ $type }“{ $value }”。请先创建，或更正该值。
refusal-several-of-name = 有多条记录都叫“{ $value }”：{ $some }。请选择所指的一条，或填写只有它才有的内容，例如编号。
refusal-none-of-name = 没有叫“{ $value }”的{ $type }。相近的有：{ $some }。请选择所指的一条，或填写完整的名称或编号。
refusal-mapping-empty = 尚未设置映射。请至少选择一种记录类型和一个字段。
refusal-marks-disagree = “{ $value }”写法不符：此文件以“{ $mark }”为小数点，千位每三位一组。请更正，或为该列写明小数点。
refusal-match-empty = 用于匹配的字段为空。请填写，或改用其他匹配字段。
refusal-match-not-mapped = 匹配字段也必须映射到列。
refusal-mixed-currencies = 所有行必须使用同一币种。
refusal-money-needs-currency = 请写明金额和币种，例如“12.50 CNY”。
refusal-needs-a-list = 请提供一组值。
refusal-no-header-row = 文件没有可作为列名的第 { $value } 行。请按电子表格或编辑器的行号计数，包括标题行和空行。
refusal-not-a-boolean = “{ $value }”既不是“是”也不是“否”。
refusal-not-a-backup = “{ $file }”不是完整的 Guanxi 备份：{ $reason }。未作任何修改，请另选一个。
refusal-not-a-collection-format = “{ $name }”不是该类型的字段，或其 pattern 不是正则表达式，或其格式含有 required、pattern、choices、help 以外的内容。
refusal-not-a-currency = “{ $value }”不是币种。请使用 ISO 4217 的三个字母，例如 CNY。
refusal-not-a-date = “{ $value }”不是日期。请写成 2026-03-18。
refusal-not-a-decimal-mark = “{ $value }”不是小数点。请用“.”或“,”。
refusal-not-a-delimiter = “{ $value }”不是分隔符。请用一个字符，例如“;”，或 tab。
refusal-not-a-field-name = “{ $value }”不能作为代码名称。请使用小写字母、数字和 _，并以字母开头。
refusal-not-a-link-here = “{ $name }”并不关联到{ $type }。
refusal-not-a-number = “{ $value }”不是数字。
refusal-not-a-number-field = “{ $name }”不能这样计算，请选择数字字段。
refusal-not-a-period = “{ $value }”不是时间段。请使用 last_30_days、this_month 等。
refusal-not-a-phone = “{ $value }”不是电话号码。请使用数字、空格，可以 + 开头。
refusal-not-a-share = 折扣应在 0 到 100 % 之间。
refusal-not-a-tax-rate = 税率应在 0 到 100 % 之间。
refusal-not-a-table = 此文件不是表格。请另存为 Excel 工作簿（.xlsx）或 CSV。
refusal-not-a-time = “{ $value }”不是时间。请写成 2026-03-18T09:30:00+08:00；像 09:00-10:00 这样的时间段只写开始时间。
refusal-time-not-once = 时区 { $zone } 当时正在调整时钟，“{ $value }”出现两次或不存在。请写明时差，例如 +01:00。
refusal-time-not-there = 不存在 { $value } 这个时间：此时钟表拨快。请填写之前或之后的时间。
refusal-time-twice = { $value } 会出现两次：此时钟表拨慢。请选择所指的是哪一次。
refusal-not-a-time-field = 只有日期和时间可以按日、月、季、年汇总。
refusal-not-a-time-zone = “{ $value }”不是时区。请使用 Asia/Shanghai 这样的名称。
refusal-not-a-unit = “{ $value }”不是列的单位。请写 1、10、100、1000 等。
refusal-not-a-url = “{ $value }”不是网址。
refusal-not-an-email = “{ $value }”不是电子邮箱地址。
refusal-not-an-id = “{ $value }”不是记录编号标识。
refusal-not-an-object = “{ $name }”必须是由字段名和值组成的对象。
refusal-not-an-integer = “{ $value }”不是整数。
refusal-not-an-option = “{ $value }”不在可选范围内：{ $options }。
refusal-not-comparable = “{ $name }”不能用“{ $operation }”比较。
refusal-not-json = 这不是 JSON：{ $value }
refusal-not-made-before = 同一行必须先生成{ $type }，此字段才能关联它。
refusal-not-sortable = 列表不能按“{ $name }”排序。
refusal-not-there = 没有可更新的{ $type }“{ $value }”。
refusal-sum-too-large = 合计超出可保存的最大数值，请缩小范围。
refusal-nothing-compared = “{ $name }”没有给出要比较的值。请填写值、去掉此条件，或用 { $name }.empty=true 查询未填写的记录。
refusal-not-yours-to-change = 该行所指的记录您无权修改。请联系其负责人。
refusal-option-in-use = 有 { $count } 条记录的值是“{ $value }”。请先为它们改用其他值。
refusal-payer-not-yours = 拥有或控制客户的一方可能代其付款。该客户有信用额度，应由可设定信用额度的人指定。
refusal-password-too-short = 密码至少 { $limit } 个字符。
refusal-percent-ambiguous = “{ $value }”（第 { $line } 行）可能是 { $first } 或 { $second }：同一列“{ $column }”中的“{ $value2 }”（第 { $line2 } 行）是百分比。请在映射中为该列或在 [file] 中写明 plain_percent = "percent" 或 "fraction"。
refusal-percent-unsaid = “{ $column }”列的“{ $value }”（第 { $line } 行）可能是 { $first } 或 { $second }：该列没有大于 1 的数，也没有写明百分号。请在映射中为该列或在 [file] 中写明 plain_percent = "percent" 或 "fraction"。
refusal-percent-not-here = “{ $value }”是百分数，而此字段不是。请填写数字本身。
refusal-quote-not-closed = 第 { $line } 行开始的引号一直没有结束：文件被截断，或多了一个引号。未导入任何内容，请更正该行。
refusal-quote-swallows-rows = 引号内含有多行像是表格的内容：缺少一个引号，或多了一个。请更正该行。
refusal-read-only = “{ $name }”由系统计算，不能填写。
refusal-record-held = 其他人正在修改此记录或与其相关的内容，尚未完成。未作任何修改，请稍后重试；若一直如此，请让管理员查看是哪项工作耗时过长。
refusal-repeated-in-file = { $type }“{ $value }”在文件中重复出现。
refusal-required = 此项必填。
refusal-required-not-mapped = “{ $name }”必填，但没有列与之对应。请选择对应的列。
refusal-several-there = 有 { $count } 条{ $type }都是“{ $value }”，无法判断指的是哪一条。请改用唯一的内容（如编号）来指明。
refusal-still-linked = 无法删除“{ $title }”：{ $type }“{ $by }”仍关联着它。
refusal-schema-lacks = 数据库声称其结构版本为 { $number }，但“{ $what }”不存在或形状不同：它由本程序的另一版本创建，或被手工改动。请使用创建它的程序、恢复备份，或以新的数据文件夹开始。
refusal-schema-edited = 数据库执行迁移 { $number }（{ $name }）时其内容与现在不同：它由本程序的另一版本创建。请使用创建它的程序，或以新的数据文件夹开始并导入数据。
refusal-schema-newer = 数据库的结构版本为 { $taken }，而本程序只认识到 { $known }。请使用更新的程序，或恢复用本程序所作的备份。
refusal-text-after-quote = 结束单元格的引号后面还有文字。请把单元格内的引号写成两个，或去掉一个。
refusal-still-linked-unseen = 无法删除“{ $title }”：之后有人为它添加了您无权查看的{ $type }。
refusal-still-shared = 无法删除“{ $title }”：它已共享给他人。请先取消共享，或将其归档。
refusal-too-large = 数字过大。
refusal-too-long = 最多 { $limit } 个字符。
refusal-too-many-formats = 工作簿的单元格格式超过 { $limit } 种，电子表格容纳不下。请另存为 CSV。
refusal-too-many-merged = 合并单元格超过 { $limit } 处。请取消合并，或另存为 CSV。
refusal-too-many-parts = 工作簿的部件超过 { $limit } 个。请只保存该工作表，或另存为 CSV。
refusal-too-many-texts = 工作簿含有超过 { $limit } 种不同的文本。请拆分，或另存为 CSV。
refusal-too-many-columns = 文件超过 { $limit } 列。
refusal-too-many-groups = 分组超过 { $limit } 个，请缩小筛选范围。
refusal-too-many-items = 最多 { $limit } 个值。
refusal-too-many-refused = 被拒绝的行超过 { $limit }，映射可能有误。请撤销导入并更正。
refusal-too-many-rows = 工作表最多 { $limit } 行。请导出为 CSV，或缩小筛选范围。
refusal-too-many-sorts = 最多按 { $limit } 个字段排序。
refusal-too-precise = “{ $value }”的小数位数超出可保存的范围。
refusal-total-row = “{ $value }”像是表格中的合计，而不是一条记录。请删去该行；如果确是记录，请补充更多内容，或在被拒绝行的文件中删去 #TOTAL-ROW 后导入该文件。
refusal-footer-row = “{ $value }”像是表格下方的签名、日期或说明，而不是一条记录。请删去该行；如果确是记录，请补充更多内容，或在被拒绝行的文件中删去 #FOOTER-ROW 后导入该文件。
refusal-section-row = “{ $value }”单独占一行，像是记录之间的小标题，而不是一条记录。请删去该行；如果确是记录，请补充更多内容，或在被拒绝行的文件中删去 #SECTION-ROW 后导入该文件。
refusal-header-unclear = 第 { $line } 行（“{ $value }”）可能是一条记录而不是列名，列名也可能在它的上方。请在映射的 [file] 中写明列名在哪一行：header_row = { $line }；如果没有列名，请写 header_row = 0。
refusal-header-again = 该行再次写了列名，请删去。
refusal-try-again = 其他人正在同时写入，请重试。
refusal-twin-there = 已有{ $type }“{ $value }”（{ $count } 条）。请说明如何处理：在映射中写明 twins = "update"（更新）、"make"（仍然新建）或 "leave_out"（略过）。
refusal-undecided = 请先选择文件的读取方式：上方有问题尚未回答。
refusal-undo-half-done = 已撤销 { $done } / { $all } 部分，随后因他人的操作而中止。处理后再次撤销即可继续。
refusal-undo-job-first = 挡住撤销的内容来自“{ $file }”的导入。请先撤销那次导入。
refusal-undo-nothing-done = 未撤销任何内容：之后有 { $count } 条记录被修改，或有新内容依赖于它们。
refusal-unknown-bucket = “{ $name }”不是 day、month、quarter 或 year。
refusal-unknown-column = 文件中没有列“{ $name }”。现有列：{ $columns }。
refusal-column-per-mille = “{ $name }”列是千分数，而该字段是百分数。请在文件中改为百分数，并修改列名。
refusal-unit-ambiguous = “{ $column }”列的“{ $value }”（第 { $line } 行）可能是 { $first } 或 { $second }：该列数字的单位不明。请在映射中为该列写明是 { $choices } 中的哪一个，例如 unit = 10000；数字已是完整数值时写 unit = 1。
refusal-unit-disagrees = “{ $value }”的单位与该列不同，该列以 { $unit } 为单位。请写出完整的数，或与该列一致。
refusal-unit-unclear = “{ $value }”数字后面的字母可能表示千或百万，也可能是别的意思。请写出完整的数。
refusal-unknown-encoding = “{ $value }”不是编码名称。请使用 utf-8、gb18030、utf-16le 等。
refusal-encoding-contradicted = 文件是 { $choices } 编码（例如“{ $value }”），与映射中写明的编码不符。请在映射的 [file] 中写明：encoding = "{ $choices }"。
refusal-encoding-not-read = 文件的编码是 { $value }，无法读取。请另存为 UTF-8。
refusal-unknown-field = { $type }没有字段“{ $name }”。
refusal-unknown-measure = “{ $name }”不是 count，也不是某字段的 sum、avg、min 或 max。
refusal-unknown-operation = “{ $name }”不是比较方式。
refusal-unknown-position = 文件第 { $value } 列不是“{ $name }”。现有的列：{ $columns }。
refusal-sheets-hidden = 可见的工作表都是空的，隐藏的工作表有：{ $sheets }。请取消隐藏所需的工作表并保存，或在映射的 [file] 中用 sheet 指明。
refusal-unknown-sheet = 工作簿没有名为“{ $name }”的工作表。现有：{ $sheets }。
refusal-unknown-type = 不存在记录类型“{ $name }”。
refusal-unpacks-too-large = 文件解压后超过 { $limit } MB，已拒绝。工作簿可另存为 CSV；压缩文本可拆分，或解压后用命令行导入。
refusal-unreadable-characters = 该行含有无法按文件编码读取的字符。此处按最可能的原文显示，请核对文字，或写明编码。
refusal-web-page-not-table = 这是网页（HTML 或 MHTML），只是以表格命名，许多系统这样导出。请用电子表格软件打开，另存为 Excel 工作簿（.xlsx）。
refusal-workbook-binary = 这是二进制 Excel 工作簿（.xlsb）。请用 Excel 打开，另存为 .xlsx。
refusal-workbook-broken = 工作簿已损坏：{ $reason }。
refusal-workbook-of-other-program = 此工作簿不是 .xlsx 格式。请用原来的程序打开，另存为 Excel 工作簿（.xlsx）。
refusal-workbook-old = 这是旧版 Excel 文件（.xls）。请用 Excel 或其他电子表格软件打开，另存为 .xlsx。
refusal-workbook-protected = 此工作簿有密码保护。请打开并去掉密码，再另存为 .xlsx。
refusal-wrong-column-count = 该行有 { $found } 列，标题有 { $wanted } 列。是否被截断，或缺少引号？在被拒绝行的文件中，每个缺少的单元格写作 #MISSING!：请填入应有的内容，或留空。
refusal-wrong-cursor = 页码标记对此列表无效，请从第一页重新开始。
refusal-wrong-filter = 这不是筛选条件：{ $value }
refusal-wrong-list-address = “{ $value }”不指向任何列表。请复制列表地址中问号之后的内容。
refusal-wrong-mapping = 无法读取映射：{ $reason }
refusal-wrong-shape = “{ $value }”不是 { $kind } 类型的值。
refusal-wrong-sign-in = 邮箱或密码不正确。
refusal-sign-in-throttled = 尝试次数过多，请等待 { $minutes } 分钟。
refusal-not-signed-in = 请先登录。
refusal-csrf = 页面已过期，请重新加载后再操作。
refusal-body-too-large = 请求超过 { $limit } MB。
refusal-wrong-body = 无法读取请求：{ $reason }
refusal-version-missing = 请提供所读取的版本号。
refusal-unknown-format = “{ $name }”不是 csv 或 xlsx。
refusal-unknown-action = “{ $name }”不是操作。
refusal-job-not-open = 此导入当前的状态不能这样操作：其间它已停止、已完成或已撤销。请重新加载页面。
refusal-too-many-records = 一次最多 { $limit } 条记录。
refusal-file-missing = 请选择文件。
refusal-changed-meanwhile = 他人已将此处改为“{ $value }”。再次保存将保留您的值。
refusal-not-as-collected = “{ $value }”不符合该信息采集点的要求：{ $format }。
refusal-collection-point-closed = 信息采集点“{ $name }”已停用。请选择其他采集点，或重新启用它。
refusal-field-not-yours = 您无权修改“{ $name }”，请保持原样。
refusal-field-not-readable = 您无权查看“{ $name }”，因此不能按它筛选、排序或分组。
refusal-may-not-assign = 您无权更改此记录的负责人，请联系有权限的同事。
refusal-owner-decides = 只有视图的所有者可以决定谁能查看和更改它。请另存为您自己的视图。
refusal-may-not-tell-role = 您不能通知某角色的所有人。请选择一个人，或请有权分派所有订阅的人设置。
refusal-may-not-tell = 您可以通知自己、本团队成员和您领导的人。请从中选择，或请有权将订阅分派给他人的人设置。
refusal-outside-your-scope = 您只能为自己负责的对象新建此类记录，请选择其他负责人或客户。
refusal-too-many-shares = 一条记录最多可共享给 { $limit } 个人员和团队，请改为共享给团队。
refusal-more-than-was-shared = 您只因他人共享才能看到此记录：共享的期限和权限不能超过您所得到的。
refusal-not-with-oneself = 不能把他人共享给您的记录再共享给自己，请联系共享者。
refusal-not-a-condition = “{ $value }”不是条件。请按列表网址的写法填写，例如 status=confirmed&total.lt=5000。
refusal-condition-needs-a-type = 设置条件时必须选择一种记录类型，不能用 *。
refusal-condition-not-complete = “{ $name }”还没有选定要比较的值。请选择一个值，或去掉此条件。
refusal-ends-before-it-begins = 结束日期早于开始日期。
refusal-own-substitute = 代理人不能是本人，请选择其他人。
refusal-password-too-easy = 此密码容易被猜到，请选择几个互不相关的词。
refusal-password-breached = 攻击者已知道此密码，请换一个。
refusal-wrong-password = 当前密码不正确。
refusal-wrong-code = 验证码不正确或已使用过，请等待下一个。
refusal-second-factor-lost = 无法读取两步验证：服务器密钥已更换。请联系管理员取消两步验证。
refusal-oidc-failed = 通过身份提供方登录未成功，请重试，或用密码登录。
refusal-oidc-unknown-user = 身份提供方认识您，但这里没有您已验证邮箱的账号，请联系管理员。
refusal-link-expired = 此链接已失效，请重新申请。
refusal-token-days = 令牌有效期为 1 至 { $limit } 天。
refusal-token-scopes = “{ $value }”不是可用的操作。可用：{ $names }。
refusal-too-many-requests = 请求过多，请在 { $seconds } 秒后重试。
refusal-server-busy = 此刻登录的人太多，请在 { $seconds } 秒后重试。
refusal-waits-for-approval = 此记录正在审批中，处理前不能修改。如需修改，请先撤回申请。
refusal-over-your-limit = { $name }为 { $value }，超出您的权限上限 { $limit }，请提交审批。
refusal-deliveries-stopped = { $told ->
        [yes] 该客户付清之前停止供货：交易条件“{ $terms }”{ $payment ->
            [prompt] ，付款记录按时
            [late] ，付款记录拖延
            [bad] ，付款记录不良
           *[none] {""}
        }。
       *[no] 目前停止向该客户供货。
    }向其销售需要审批。
refusal-not-who-ordered = 该订单属于另一客户。请向下单的客户或拥有、控制它的客户开具。
refusal-credit-limit-exceeded = { $told ->
        [yes] 该客户将欠款 { $owed }，信用额度为 { $limit }。
       *[no] 该客户的信用额度已用完。
    }向其销售需要审批。
refusal-no-approval-rule = 没有适用的审批流程，请联系管理员设置。
refusal-no-approver = 审批流程的某一步没有审批人，请联系管理员补充。
refusal-own-request = 不能审批自己的申请，请选择其他人。
refusal-already-decided = 此事项已处理。
refusal-comment-missing = 请简要说明退回原因。
refusal-not-a-person = 只有客户和联系人可以是个人。
refusal-not-confirmed = 名称不一致，请按显示的名称输入。
refusal-too-small = 不得小于 { $limit }。
refusal-needs-all-customers = 该分析会给出全部客户的合计数，只有能看到全部客户和订单的人才能发起，请联系管理员。
refusal-owner-needs-all-customers = 该分析由{ $name }发起，但其无权查看全部客户和订单，而分析会给出全部合计。请由能看到全部客户和订单的人重新发起，或为{ $name }授权。
refusal-too-many-marks = 可显示 1 到 { $limit } 组。
refusal-needs-alert = 数值没有“发生”的时刻：请选择周期，或设定高于、低于某值时提醒。
refusal-not-a-cluster-address = “{ $value }”不是集群地址：应形如 ballista://主机:50050。
refusal-not-a-warehouse-address = “{ $value }”不能作为数据仓库的位置：请填写文件夹，或形如 s3://bucket/folder 的地址。
refusal-warehouse-damaged = 数据仓库的文件已损坏：{ $tables }。请运行 guanxi warehouse catch-up，从数据库重新生成。
refusal-analysis-failed = 分析 { $run } 未能完成：{ $problem }
refusal-not-built-in = 此程序未包含{ $feature ->
        [cluster] 集群组件
        [ldap] LDAP 目录登录
        [oidc] OpenID Connect 登录
        [s3] S3 数据仓库
       *[other] SQL 引擎
    }：请用“cargo build --release --features { $feature }”构建，或使用完整发行版（“--features full”）。
refusal-unknown-segment = 不存在客户细分 { $value }，或您无权查看。
refusal-segment-cycle = 该客户细分引用了自身，或嵌套超过五层。
refusal-not-in-warehouse = { $type }的“{ $name }”不能用于对全部客户的筛选。
refusal-not-an-hour = “{ $value }”不是一天中的钟点，请用 0 到 23。
refusal-merge-with-itself = 客户不能与自己合并，请选择另一个客户。
refusal-already-merged = 其中一个客户已经归档。请先恢复，或选择另一个客户。
refusal-not-open = 这一对已经判断过了。请打开查看结果。
refusal-not-of-the-pair = 保留的客户必须是这两个之一，请重新选择。
refusal-discount-out-of-range = 折扣须在 0 到 100 % 之间，请更正。
refusal-must-not-be-negative = 此处不能小于 0，请更正。
refusal-weight-out-of-range = 权重须在 0 到 100 % 之间，请更正。
refusal-score-of-scores = 评分不能由评分组成：要等所有评分算完才知道。请改用那个评分所依据的字段。
refusal-not-a-measure = “{ $name }”不是客户的数字字段。请填写数字字段的名称，例如 revenue、purchases、churn_risk，或 complaints（投诉）。
