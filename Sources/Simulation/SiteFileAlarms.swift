extension SiteFileText {
    /// Rules that are silent while the simulated site is well, and name the cause of each fault.
    static let alarms = """

        alarms:
          - name: utility-lost
            points: meter-grid-?/input.voltage
            below: 180 V
            deadband: 20 V
            onDelay: 2s
            offDelay: 30s
            priority: critical
            loses: power
            cause: 该路市电失压
            consequence: 该路 UPS 转电池，约十五分钟后放空
            action: 联系供电所，确认另一路负载余量
          - name: ups-on-battery
            points: ups-*/ups.status
            state: battery
            onDelay: 2s
            offDelay: 30s
            priority: critical
            cause: 该路市电中断，UPS 由电池供电
            consequence: 电池放空后该路机柜失去一路电源
            action: 确认进线与变压器状态；电量低于 50% 时启动负载转移
          - name: battery-low
            points: ups-*/battery.charge
            below: 40 %
            deadband: 10 %
            onDelay: 10s
            offDelay: 5m
            priority: critical
            latching: true
            cause: 电池放电过半，或充电失败
            consequence: 剩余后备时间不足以等待供电恢复
            action: 执行负载转移预案，关停非关键机柜
          - name: inlet-hot
            points: th-*/ambient.temperature
            above: 27 °C
            deadband: 1 °C
            onDelay: 20s
            offDelay: 2m
            priority: high
            cause: 冷通道送风不足、盲板缺失，或对应空调停机
            consequence: 服务器进风超过 27 °C，风扇加速，持续升高将过温关机
            action: 查看同列其他机柜；若整片升高，检查对应空调
          - name: inlet-critical
            points: th-*/ambient.temperature
            above: 35 °C
            deadband: 2 °C
            onDelay: 20s
            offDelay: 2m
            priority: critical
            cause: 机柜进风严重过热
            consequence: 服务器将在几分钟内过温关机
            action: 打开机柜前后门，迁移或关停该柜负载
          - name: crac-stopped
            points: crac-*/system.state
            state: ["off", standby]
            onDelay: 10s
            offDelay: 60s
            priority: high
            cause: 机组停机、断电或被切到备用
            consequence: 机组前方机柜升温，其余机组负荷上升
            action: 现场复位机组；确认其余机组已加大出力
          - name: supply-air-hot
            points: crac-*/supply.temperature
            above: 24 °C
            deadband: 1 °C
            onDelay: 60s
            offDelay: 5m
            priority: medium
            cause: 自然冷却能力不足而压缩机未投入，或滤网堵塞
            consequence: 冷通道将在十几分钟内升温
            action: 查看机组模式与室外温度，手动投入压缩机
          - name: pdu-phase-current
            points: pdu-*/input.l?.current
            above: 12.8 A
            deadband: 0.5 A
            onDelay: 30s
            offDelay: 2m
            priority: high
            cause: 单相电流超过 16 A 断路器的八成，多因另一路失电
            consequence: 断路器可能跳闸，机柜停电
            action: 核对另一路电源；把设备移到电流较小的相
          - name: ups-overload
            points: ups-*/output.l?.load
            above: 80 %
            deadband: 5 %
            onDelay: 60s
            offDelay: 5m
            priority: high
            cause: UPS 负载超过八成，多因另一路失电
            consequence: 再增负载将过载转旁路
            action: 停止上架，限制计算任务
          - name: device-silent
            devices: "*"
            noData: 3
            offDelay: 30s
            priority: medium
            cause: 设备、网关或网络失联
            consequence: 该设备的读数缺失，其他设备不受影响
            action: 同一网关的设备一起失联时先查网关，否则查该设备网口
        """
}
