/// The console's words in Chinese: `English | Chinese`, a line each. Where the words of both are
/// long, the line is broken behind the bar by a backslash.
enum ChinesePhrases {
    static let lines = """
        24 h | 24 小时
        95 % within | 95 % 不超过
        A/B apart | A/B 偏差
        AGE | 时长
        ALARM | 告警
        ALSO FED BY | 另由供电
        Alarm history | 告警历史
        Alarms | 告警
        BATTERY | 电池
        BEFORE | 此前
        BY | 操作人
        COMMENT | 备注
        COMPR | 压缩
        COMPRESSOR | 压缩机
        COST | 费用
        Collector | 采集器
        Cooling | 制冷
        Cooling units | 制冷机组
        Cost | 费用
        Cost and climate | 费用与气候
        DARK | 失电
        DIFF | 温差
        Devices | 设备
        Device | 设备
        ENDPOINT | 地址
        Energy | 电能
        Energy and price | 电能与电价
        Enter accepts  Esc cancels | 回车确认  Esc 取消
        Enter opens the device and the point's history | 回车打开设备与测点历史
        FAILED | 失败
        FAN | 风机
        FEED | 路
        FREE | 自然冷
        FROM | 起始
        Feeds | 供电
        Figures of this view | 本页数字的来历
        Free cooling | 自然冷却
        Free cooling: potential and actual | 自然冷却：潜力与实际
        Fullest racks | 最满机柜
        Hidden alarms | 隐藏的告警
        Highest inlet | 最高进风
        Highest outlet | 最高出风
        Hottest inlets | 最热进风
        Hours today | 今日时数
        IT | IT
        In the rack | 柜内设备
        KIND | 类别
        Keys | 按键
        LABEL | 标签
        LAST | 上次
        LATENCY | 延迟
        LOAD | 负载
        Load and price | 负荷与电价
        Losses | 损耗
        MISSED | 错失
        MODE | 模式
        Month | 本月
        Month at least | 本月至少
        Month's mean | 月均价
        NAME | 名称
        NODE | 节点
        Notices waiting | 待发通知
        OFFLINE: these figures are {0} old; trying again every few seconds | 已断线：数据为 {0} 之前；每隔几秒重连
        Other | 其他
        Outdoor | 室外
        Outlets | 插座
        Overview | 总览
        PERIOD | 时段
        PLACE | 位置
        POINT | 测点
        POWER | 功率
        PRICE | 电价
        PROFILE | 型号档案
        PUE | PUE
        Power | 电力
        Power chain | 供电链路
        Price | 电价
        QUALITY | 质量
        Quarter hour | 一刻钟
        RATED | 额定
        RAW | 原始值
        READ FROM | 读自
        RETURN | 回风
        Rack {0} | 机柜 {0}
        Racks | 机柜
        Readings | 读数
        STALE {0}: no news on an open connection; check the daemon's load | \
        数据已旧 {0}：连接仍在但无新数据；请查守护进程负载
        STATE | 状态
        SUPPLY | 送风
        Search | 搜索
        Slowest devices | 最慢设备
        Board | 看板
        Store | 存储
        TIME | 时间
        Temperatures | 温度
        To target | 距目标
        Today | 今日
        Today at least | 今日至少
        Total | 合计
        Total power | 总功率
        UNIT | 机组
        VALUE | 数值
        VALVE | 阀门
        WHAT | 内容
        WHAT IF | 假设
        WHERE | 何处
        WHY | 原因
        `{0}` does nothing here; ? shows the keys | `{0}` 在此无作用；? 显示按键
        `{0}` is none of {1} | `{0}` 不在其中：{1}
        `{0}` needs {1} | `{0}` 需要 {1}
        a command; Tab completes | 命令；Tab 补全
        a step in time; on the map only , . | 在时间上走一步；平面图上只用 , .
        an hour, a day in time | 前后一小时、一天
        and {0} more | 另有 {0} 项
        asking the daemon | 正在询问采集器
        at the side | 侧装
        being computed from the readings of the month | 正在按本月读数计算
        blank panel | 盲板
        computed once more: DIFFERS | 复算不一致
        computed once more: agrees | 复算一致
        energy since midnight / IT energy | 零点以来电能 / IT 电能
        go to a time | 到某一时刻
        go to where the alarm began | 到告警开始之处
        hours of full free cooling, as measured | 实测全自然冷却小时数
        j/k Enter follows  Backspace back  Esc closes | j/k 选择  回车追溯  退格返回  Esc 关闭
        max {0} | 最高 {0}
        missed today | 今日错失
        network device | 网络设备
        no other dashboard; docs/CONSOLE.md says how to write one | 没有其他看板；写法见 docs/CONSOLE.md
        no target named | 未定目标价
        no U written | 未写明 U 位
        not all devices have answered | 有设备尚未应答
        of {0} A | / {0} A
        patch panel | 配线架
        power unit | 电源
        raw | 原始值
        reading the units | 正在读取 U 位
        server | 服务器
        shelf | 层板
        so far today the weather allowed it without compressors | 今日至此天气允许不用压缩机
        source | 依据
        storage | 存储
        the present | 回到现在
        a line of more than one unit; @12 the unit of its temperature | \
            一行代表数个 U；@12 为温度所在 U 位
        a file's name has no `/` and does not begin with a dot | 文件名不得含 `/`，不得以点开头
        a node of the power chain | 供电链路的节点
        a shelf needs a reason, as `4h fan is on order` | 搁置须写原因，如 `4h 风机已订货`
        absent | 缺失
        acknowledge | 确认
        acknowledge {0}, comment:  | 确认 {0}，备注：
        acknowledge, shelve, out of service; each with a comment | 确认、搁置、停用；均可备注
        acknowledged {0} | 已确认 {0}
        active | 当前
        active, hidden, history | 当前、隐藏、历史
        actual | 实际
        age of the oldest reading | 最旧读数的时长
        age {0} | 时长 {0}
        alarm | 告警
        alarm {0} | 告警 {0}
        alarms | 告警
        alarms are acknowledged in view 4 (press 4) | 在第 4 页确认告警（按 4）
        alarms: critical, high, medium, low | 告警：紧急、高、中、低
        already acknowledged | 已经确认过
        already acknowledged by {0} | 已由 {0} 确认
        and {0} of unknown load | 另有 {0} 个负载未知
        another point; its last hour is drawn below | 换测点；下方为近一小时曲线
        another quarter hour | 换一刻钟
        another rack | 换机柜
        answering | 应答
        another thing in the rack: 0U at the sides, then from the top down | \
            柜内另一件：先侧装 0U，再自上而下
        any key closes this | 按任意键关闭
        apart {0} | 相差 {0}
        as it is | 恢复原状
        as its device measures it | 由其设备测得
        as profile {0} reads it | 按型号档案 {0} 读取
        as the unit says, else from compressor and valve | 以机组所报为准，否则由压缩机与阀门推断
        asked again in {0} | {0} 后再问
        back | 返回
        back from the shelf: {0} | 已取消搁置：{0}
        back to the map | 返回平面图
        bad | 坏值
        broken | 中断
        by profile | 按型号档案
        by the table | 按目录价
        by {0} | 由 {0}
        capacity in use - its free part | 在用容量 - 自然冷部分
        cat {0} | 第 {0} 类
        category {0} | 第 {0} 类
        catching-up | 追赶中
        cause | 原因
        change the view | 换页
        charges | 电费
        theme colour-blind | 色弱友好
        theme dark | 深色
        theme light | 浅色
        colour: price | 颜色表示电价
        colours | 配色
        now {0} | 现为{0}
        command | 命令
        comment | 备注
        commit {0} ago | {0} 前落盘
        compressor | 压缩机
        computed from other points | 由其他测点计算
        connecting | 连接中
        contract energy | 合同电价
        contract saves | 合同节省
        cooling | 制冷
        cost | 费用
        cost at least | 费用至少
        critical | 紧急
        dark | 失电
        deepValley | 深谷
        device | 设备
        devices | 设备
        devices are sorted in view 3 (press 3) | 在第 3 页排序设备（按 3）
        difference of the feeds / their sum | 两路之差 / 两路之和
        do | 处置
        draw everything again | 全部重画
        energy | 电能
        energy charges of the month / its energy | 本月电费 / 本月电量
        energy of the quarter hour x 4 | 一刻钟电量 x 4
        energy of the utility meters x price of a kWh | 关口表电量 x 每千瓦时电价
        every {0} | 每 {0}
        exactly | 精确值
        explain | 来历
        explained | 归因
        explains | 说明
        explains {0} | 说明 {0} 条
        fail or restore | 失效或恢复
        fail the selected node in thought, or restore it | 假设所选节点失效，或恢复
        failed | 失败
        far | 远移
        feed A | A 路
        feed B | B 路
        feed {0} | {0} 路
        filter | 筛选
        flat | 平段
        follower | 备
        for {0} more | 还剩 {0}
        free | 自然冷
        free cooling | 自然冷却
        from {0} | 来自 {0}
        frostline alarms list shows the rule's answer to it | frostline alarms list 显示该规则的处置
        generator | 发电机
        go back, drop the filter | 返回，去掉筛选
        good | 正常
        half within {0}, 95 % within {1} | 一半在 {0} 内，95 % 在 {1} 内
        help | 帮助
        hidden | 隐藏
        high | 高
        highest active alarm | 最高当前告警
        highest usable probe in front of the rack | 机柜前可用探头的最高值
        history | 历史
        history does not change; v shows the alarms of now | 历史不可改；v 显示当前告警
        how its cost came about | 其费用的来历
        how its figures came about | 其数字的来历
        how the figures of this view came about | 本页数字的来历
        how the rack's figures came about | 机柜数字的来历
        humidity | 湿度
        if failed | 假设之后
        in service again: {0} | 已恢复使用：{0}
        in {0} | 位于 {0}
        inlet | 进风
        inlet temperature | 进风温度
        it is out of service already; u takes it back | 已经停用；u 恢复
        it is shelved already; u takes it back | 已经搁置；u 取消
        its rack or device | 其机柜或设备
        keys of this view | 本页按键
        language of the console | 界面语言
        last hour | 近一小时
        last {0} | 近 {0}
        last {0} ago | 上次 {0} 前
        late | 迟到
        latency | 延迟
        leader | 主
        leading | 主用
        leads to | 后果
        leave | 退出
        live | 实时
        load | 负载
        losses stay as measured | 损耗按实测不变
        low | 低
        margin | 余量
        maximum | 最大
        mean | 平均
        mean price | 均价
        measured now + loads that move here - loads that leave | 现测值 + 移入负载 - 移出负载
        medium | 中
        meters | 表计
        minimum | 最小
        misconfigured | 配置有误
        mode | 模式
        month | 本月
        month at least | 本月至少
        month's price | 月均价
        mouse, colours, language | 鼠标、配色、语言
        move | 移动
        moved | 转移
        needs {0}x{1} | 至少 {0}x{1}
        never | 从未
        next order, reverse | 下一排序，反向
        next, previous quantity of the map | 平面图的下一量、上一量
        no active alarm | 无当前告警
        no alarm is hidden | 无隐藏告警
        no alarm matches the filter | 无告警符合筛选
        no change in the last {0} days | 近 {0} 天无变化
        no command `{0}`; there are {1} | 没有命令 `{0}`；可用：{1}
        no device is named for this rack in the site file | 站点文件未给此机柜列出设备
        no device matches the filter | 无设备符合筛选
        no device of this name measures {0} | 没有同名设备测量 {0}
        no device of this rack is on feed A or B | 此机柜没有接 A 路或 B 路的设备
        no figure is computed here; the figures stand as the devices gave them | 此处没有计算值；数字均为设备所报
        no figures yet | 尚无数据
        no finished quarter hour yet | 尚无完整的一刻钟
        no history: {0} | 无历史：{0}
        no node matches the filter | 无节点符合筛选
        no outdoor temperature | 无室外温度
        no outlet is measured or switched here | 此处无可测或可控插座
        no person has shelved it: {0} | 并非人工搁置：{0}
        no point matches the filter | 无测点符合筛选
        no points yet | 尚无测点
        no price: {0} | 无电价：{0}
        no probe stands at this rack | 此机柜没有探头
        no stored values yet | 尚无存储值
        no usable value | 无可用值
        no usable values in the last hour | 近一小时无可用值
        no value | 无值
        node | 节点
        none | 无
        none matches the filter | 无一符合筛选
        not acknowledged: {0}: {1} | 未能确认：{0}：{1}
        not connected | 未连接
        not connected: an alarm is changed by the daemon | 未连接：告警由守护进程更改
        not done: {0}: {1} | 未完成：{0}：{1}
        not reached | 不可达
        not read: {0} | 未读到：{0}
        not saved: {0} | 未保存：{0}
        nothing fits | 无匹配
        nothing lies below this; devices are in view 3 | 下面没有内容；设备在第 3 页
        nothing measures it | 无测量
        of the capacity in use; {0} of {1} units tell | 占在用容量；{1} 台中 {0} 台可知
        of {0} kW | / {0} kW
        off | 关
        offline | 断线
        only alarms with this text | 仅含此文字的告警
        only devices with this text | 仅含此文字的设备
        only lines with this text | 仅含此文字的行
        only points with this text | 仅含此文字的测点
        open cause | 展开归因
        order of the devices | 设备排序
        other | 其他
        out of service | 停用
        out of service: {0} | 已停用：{0}
        outdoor | 室外
        outdoor air is colder than the return air of {0} units | 室外空气比 {0} 台机组的回风更冷
        outlet | 出风
        overloaded | 过载
        pdu | 配电柜
        peak | 峰段
        point | 测点
        points | 测点
        points not read: {0} | 测点未读到：{0}
        polls | 轮询
        possible | 可能
        power | 功率
        power / rated power | 功率 / 额定功率
        power of the utility meters x price of a kWh now | 关口表功率 x 当前每千瓦时电价
        price | 电价
        q leaves the console | q 退出控制台
        quality | 质量
        quantity | 量
        quarter hour | 一刻钟
        quit | 退出
        rack | 机柜
        racks share as measured, switches take the first live parent | 机柜按实测分担，切换节点取首个有电的上级
        raised {0} ago, changed {1} ago | {0} 前发生，{1} 前变化
        raised: both paths are lost | 已升级：两路均失
        rated | 额定
        read from | 读自
        reading the day | 正在读取当日
        reading the journal | 正在读取日志
        reading the points | 正在读取测点
        reverse | 反向
        rows {0} to {1} of {2} | 第 {0} 至 {1} 列，共 {2} 列
        s stale  a absent  {0} unknown | s 陈旧  a 缺失  {0} 未知
        save this view as text and CSV | 把本页存为文本与 CSV
        saved {0} | 已保存 {0}
        say how long, at most 24h, and why, as `4h fan is on order` | 请写时长（至多 24h）与原因，如 `4h 风机已订货`
        say who approves, how long and why, as `lisi 30d sensor is broken` | \
        请写批准人、时长与原因，如 `lisi 30d 传感器损坏`
        search | 搜索
        search racks, devices, points, alarms | 搜索机柜、设备、测点、告警
        seen by | 已阅
        sharp | 尖峰
        shelve | 搁置
        shelve {0}, how long and why:  | 搁置 {0}，多久及原因：
        shelved | 搁置
        shelved {0} | 已搁置 {0}
        silent | 无应答
        since | 起自
        solar | 光伏
        sort | 排序
        stale | 陈旧
        standing-by | 待命
        substituted | 代替值
        sum | 总和
        sum of its PDUs; unknown when one of them is silent | 其 PDU 之和；有一个无应答即未知
        sum of the PDUs of rack {0} | 机柜 {0} 的 PDU 之和
        suppressed | 抑制
        switchboard | 配电盘
        take back | 取回
        target | 目标
        terminal too small | 终端太小
        the chain as it is | 链路恢复原状
        the console speaks English | 界面现为中文
        the device | 该设备
        the map's quantity is changed in view 2 (press 2) | 在第 2 页换平面图的量（按 2）
        the mouse is the terminal's again | 鼠标已交还终端
        the mouse selects; F2 gives it back to the terminal | 鼠标可选取；F2 交还终端
        the page of a rack | 机柜页
        the page of the rack | 机柜页
        the points of a device | 设备测点
        the points of the unit | 机组测点
        the power chain as it is | 供电链路已恢复原状
        the rule `{0}` on {1}/{2} | 规则 `{0}` 作用于 {1}/{2}
        the site file gives no heights (U) | 站点文件未给出 U 位
        the site file names no cooling units | 站点文件没有制冷机组
        the site file names no device here | 站点文件此处没有设备
        the site file names no devices | 站点文件没有设备
        the site file names no power chain | 站点文件没有供电链路
        the site file names no racks | 站点文件没有机柜
        there is no alarm here | 此处没有告警
        there is no alarm to acknowledge | 没有可确认的告警
        there is no alarm to open | 没有可展开的告警
        there is no list to filter here; filters work in views 3, 4 and 5 | 此处没有可筛选的列表；第 3、4、5 页可筛选
        there is no view {0}; the views are 1 to {1} | 没有第 {0} 页；共 1 至 {1} 页
        there is no {0} `{1}`; Tab shows the names | 没有{0} `{1}`；Tab 显示名称
        there is nothing to save yet | 尚无可保存的内容
        there is nothing to search yet | 尚无可搜索的内容
        this alarm explains no other | 此告警不说明其他告警
        this alarm is not shelved; v shows the hidden ones | 此告警未搁置；v 显示隐藏的告警
        this daemon does not tell of hidden alarms | 此守护进程不报隐藏告警
        this view as text and CSV | 本页存为文本与 CSV
        time on compressors alone in which the weather allowed none | 天气本可不用压缩机却只靠压缩机运行的时间
        time x share of the running capacity that is free | 时间 x 运行容量中自然冷的比例
        to the target | 距目标
        today | 今日
        total | 合计
        total - IT - cooling - other | 合计 - IT - 制冷 - 其他
        total power / IT power | 总功率 / IT 功率
        transformer | 变压器
        trying again every few seconds; q leaves | 每隔几秒重试；q 退出
        two times, {0} and {1}: leave one | 写了两个时间 {0} 和 {1}，只留一个
        type part of a name: racks, devices, points, alarms, nodes, views | \
        输入名称的一部分：机柜、设备、测点、告警、节点、页
        units not read: {0} | 未读到 U 位：{0}
        unknown | 未知
        until then on battery | 在此之前由电池供电
        until {0} | 截至 {0}
        up {0} | 已运行 {0}
        ups | UPS
        usable meters | 可用表计
        utility | 市电
        valley | 谷段
        values: stale, absent, bad, late, substituted | 数值：陈旧、缺失、坏值、迟到、代替
        view | 页
        view 7 has its quarter hours | 第 7 页有逐刻钟数据
        views | 各页
        waiting for the first figures | 等待首批数据
        what a cause explains | 归因所说明的告警
        what if it failed | 假设失效
        what if this node failed | 假设此节点失效
        what the rack map shows | 平面图显示的量
        where the value comes from | 数值的来历
        whether the mouse selects | 鼠标是否选取
        which alarms | 哪些告警
        whole | 完整
        window | 窗口
        y/h | 元/时
        yuan | 元
        yuan/h | 元/时
        yuan/kWh | 元/kWh
        SHELVED | 已搁置
        SUPPRESSED | 已抑制
        OUT_OF_SERVICE | 已停用
        {0} alarms; the site itself lists them | 有 {0} 条告警；明细请在站点查看
        {0} are hidden; v shows them | {0} 条已隐藏；v 显示
        {0} dark | {0} 个失电
        {0} failed: nothing has been switched; Esc leaves | {0} 失效：并未真正操作；Esc 离开
        {0} is not polled | {0} 不采集
        {0} is not polled; it is on {1} | {0} 不采集，接在 {1}
        {0} loads are unknown | {0} 个负载未知
        {0} nodes | {0} 个节点
        {0} not | {0} 台无应答
        {0} of {1} | {0}/{1}
        {0} of {1} on | {1} 个中 {0} 个接通
        {0} of {1}U used | 已用 {0}/{1}U
        {0} others; e opens them | 另 {0} 条；e 展开
        {0} out of service: who approves, how long, why:  | 停用 {0}，批准人、多久、原因：
        {0} racks | {0} 个机柜
        {0} requests a poll | 每次 {0} 个请求
        {0} retries | 重试 {0} 次
        {0} stored | 已存 {0}
        {0} timeouts | 超时 {0} 次
        {0} units | {0} 台
        {0} without power or price | {0} 无功率或电价
        {0} {1}, pair {2} | {0} {1}，双机 {2}
        there is no picture yet | 还没有画面
        this is the present; the arrow to the left goes back | 现在就是当前；按左箭头回到过去
        `b` goes to where an alarm began; select one in view 1 or 4 | `b` 跳到告警开始的时刻；请先在视图 1 或 4 选中告警
        back in the present | 已回到当前
        `{0}` is no time; write {1} | `{0}` 不是时间；可写 {1}
        {0} has not been yet | {0} 还没有到
        the past cannot be changed; Esc returns to the present | 过去不能更改；按 Esc 回到当前
        PAST {0} | 过去 {0}
        PAST {0}, {1} ago | 过去 {0}，{1} 之前
        loading {0}; this is still the present | 正在读取 {0}；画面仍是当前
        loading {0} | 正在读取 {0}
        offline: what is here stays, trying again | 已断开：画面保留，正在重连
        {0} pieces of history cannot be read | {0} 段历史无法读取
        Esc present  , . step  [ ] hour  { } day  t time | Esc 当前  , . 步  [ ] 时  { } 天  t 时刻
        not gone to {0}: {1} | 没有跳到 {0}：{1}
        time | 时间
        a step in time; the arrows too, but on the map | 前后一步；机柜图以外也可用左右箭头
        an hour, a day in time | 前后一小时、一天
        go to a time | 跳到某一时刻
        go to where the alarm began | 跳到告警开始的时刻
        Dashboard {0} | 看板 {0}
        Dashboards | 看板
        `{0}` is the site itself and no device | `{0}` 是站点本身，不是设备
        a dashboard, or which there are | 打开看板，或列出看板
        a gap is a time without a usable value | 空白处没有可用数值
        a step is the mean of {0} | 每一步是 {0} 的平均
        another panel, another line of it | 换面板，换行
        beside the site file | 位于站点文件旁
        beyond the panel's limits: warning, critical | 超出面板限值：预警、严重
        class | 类别
        comes with Frostline | 随产品提供
        dotted: some of the points had none | 虚线：部分测点没有数值
        each for itself | 各自显示
        feed | 供电路
        hall | 机房
        how the panel's figures came about, and which are missing | 面板数值的来历，以及缺少哪些
        incomplete | 不完整
        max | 最高
        min | 最低
        next board | 下一看板
        no point fits | 没有匹配的测点
        no usable value in this time | 这段时间没有可用数值
        not usable, and in no figure | 不可用，未计入任何数值
        now | 现在
        panel {0} of {1} | 面板 {0}/{1}
        panel, line | 面板、行
        patterns without a point | 没有测点的模式
        points usable | 测点可用
        profile | 型号
        row | 列
        tag | 标签
        the course of {0} | {0} 的变化
        the device or the rack of the line | 该行的设备或机柜
        the line is one figure of many points; x says how it came about | 此行由多个测点合成；x 说明来历
        the next dashboard | 下一个看板
        the panel is one figure of many points; x names them | 此面板由多个测点合成；x 列出它们
        the panel over the whole page, and back | 面板占满整页，再按还原
        there is no dashboard; docs/CONSOLE.md says how to write one | 没有看板；写法见 docs/CONSOLE.md
        units differ: {0} | 单位不同：{0}
        waiting for history | 等待历史数据
        waiting for values | 等待数值
        warning | 预警
        whole page | 整页
        {0} lines of another unit are left out | 略去 {0} 条其他单位的曲线
        {0} mistakes | {0} 处错误
        {0} more | 另 {0} 项
        {0} points are too many for a graph; narrow it to {1} | {0} 个测点对曲线太多；请缩小到 {1} 个以内
        ACKED | 已确认
        FULL | 全自然
        LACKED | 锁存
        LUNACK | 锁未认
        MECH | 机械
        NORM | 正常
        OFF | 停机
        OOS | 停用
        PARTIAL | 半自然
        RET | 回风
        RTNUN | 已恢复
        SHELVD | 已搁置
        SUP | 送风
        SUPPR | 被抑制
        UNACK | 未确认
        UNKNOWN | 未知
        adds | 多付
        contract adds | 合同多付
        contract | 合同价
        dark loads | 失电负载
        full free cooling this month | 本月全自然冷
        Enter has them counted | 按 Enter 计算
        highest | 最高
        its mean | 月均
        ok | 正常
        prices in yuan/kWh | 电价单位 元/kWh
        saves | 节省
        slowest | 最慢
        table | 目录价
        to target | 距目标
        A/B | A/B
        age | 时长
        {0}U empty | 空 {0}U
        at least: some of it is not known | 至少：有一部分未知
        j/k more  Esc closes | j/k 翻看  Esc 关闭
        missed | 错失
        v shows hidden alarms, and once more what was | 按 v 看隐藏的告警，再按看历史
        being computed | 正在计算
        busy {0} | 占用 {0}
        supply, power, fan; 6 shows more | 送风、功率、风机；按 6 详看
        the daemon is not reachable at {0}: {1} | 守护进程 {0} 连接不上：{1}
        ; start it with `{0}`, or give its address | ；请用 `{0}` 启动，或指定其地址
        nobody listens on this socket | 该套接字无人监听
        the daemon ended the stream; it may be restarting | 守护进程已结束数据流，可能正在重启
        """
}
