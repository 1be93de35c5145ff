package demo

import (
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/tenants/settings"
)

// jituan is the group customers' unit of a provincial telecom (CM): customer managers in the cities' branches bind
// companies by bundled services and look after them with visits and training.
func jituan() show {
	return show{
		slug: "jituan", name: "省移动集团客户部", admin: "系统管理员",
		settings: func(s *settings.Settings) { s.ContractNumberRule = "JK-{YYYY}-{KIND}-{SEQ:5}" },
		units: []unit{
			{"CITY-1", "省会分公司", ""}, {"CITY-1-A", "政企一组", "CITY-1"}, {"CITY-1-B", "政企二组", "CITY-1"},
			{"CITY-2", "沿海分公司", ""}, {"CITY-2-A", "集团客户组", "CITY-2"},
			{"CITY-3", "西部分公司", ""}, {"CITY-3-A", "集团客户组", "CITY-3"},
			{"PRODUCT", "产品支撑中心", ""}, {"CARE", "集团客户服务中心", ""}, {"FINANCE", "财务部", ""}, {"LEGAL", "法律事务部", ""},
		},
		people: []person{
			{"manager", "程振华", "集团客户部经理", "", "manager"},
			{"city1", "蒋文静", "省会分公司主管", "CITY-1", "manager"},
			{"city2", "沈海涛", "沿海分公司主管", "CITY-2", "manager"},
			{"city3", "韩雪峰", "西部分公司主管", "CITY-3", "manager"},
			{"cm1", "杨思琪", "集团客户经理", "CITY-1-A", "sales"},
			{"cm2", "朱浩然", "集团客户经理", "CITY-1-A", "sales"},
			{"cm3", "秦雅楠", "集团客户经理", "CITY-1-B", "sales"},
			{"cm4", "尤嘉伟", "集团客户经理", "CITY-1-B", "sales"},
			{"cm5", "许诗涵", "集团客户经理", "CITY-2-A", "sales"},
			{"cm6", "吕博文", "集团客户经理", "CITY-2-A", "sales"},
			{"cm7", "施梦瑶", "集团客户经理", "CITY-3-A", "sales"},
			{"cm8", "张凯", "集团客户经理", "CITY-3-A", "sales"},
			{"care1", "孔令仪", "服务专员", "CARE", "service"},
			{"care2", "曹阳", "服务专员", "CARE", "service"},
			{"care3", "严冬梅", "培训讲师", "CARE", "service"},
			{"support", "华北辰", "解决方案经理", "PRODUCT", "manager"},
			{"finance", "金秀兰", "收入会计", "FINANCE", "finance"},
			{"legal", "魏然", "合同法务", "LEGAL", "legal"},
			{"auditor", "陶立新", "审计", "", "auditor"},
		},
		fill: trade{
			seed: 0x434d, customers: 260, companies: 1, contracts: 320,
			goods: []goods{
				{kind: lifecycle.Service, title: "互联网专线服务合同", items: []string{"互联网专线 100M", "互联网专线 500M", "数据专线", "云专线"},
					model: []string{"标准服务等级", "金牌服务等级"}, unit: "条", low: 18_000, high: 240_000, step: 1_000,
					modes: []mode{quarterly(), halves()}, term: 365, milestones: []stage{{"线路开通", milestone.Delivery}, {"开通验收", milestone.Acceptance}}},
				{kind: lifecycle.Service, title: "融合业务捆绑协议", items: []string{"集团虚拟网", "企业短信通道", "物联网卡流量池", "企业彩铃", "云桌面"},
					model: []string{"个性化资费", "全省统一资费"}, unit: "套", low: 30_000, high: 480_000, step: 2_000,
					modes: []mode{quarterly(), halves()}, term: 730, milestones: []stage{{"资费配置生效", milestone.Other}, {"使用培训", milestone.Other}}},
				{kind: lifecycle.Engineering, title: "园区网络建设合同", items: []string{"综合布线工程", "室内覆盖工程", "机房改造工程"}, model: []string{"含一年维保"},
					unit: "项", low: 160_000, high: 2_400_000, step: 10_000, modes: []mode{progress()}, term: 240,
					milestones: []stage{{"设备到货", milestone.Receipt}, {"初步验收", milestone.Acceptance}, {"竣工验收", milestone.Acceptance}}},
				{kind: lifecycle.Sales, title: "终端设备销售合同", items: []string{"对讲终端", "工业路由器", "会议终端"}, model: []string{"标准配置", "加强配置"},
					unit: "台", low: 24_000, high: 360_000, step: 800, modes: []mode{advance()}, term: 150,
					milestones: []stage{{"货物签收", milestone.Receipt}}},
				{kind: lifecycle.Framework, title: "战略合作框架协议", term: 1095, milestones: []stage{{"年度合作评估", milestone.Other}}},
				{kind: lifecycle.Confidentiality, title: "保密协议", term: 1095},
			},
			visits: []visit{
				{"ON_SITE", "上门走访，了解新园区通信需求，收集专线扩容意向。"},
				{"TRAINING", "为客户管理员培训企业短信平台，参训十二人。"},
				{"TECHNICAL_SUPPORT", "专线中断申告，定位为客户侧光猫断电，二十分钟恢复。"},
				{"RETURN_VISIT", "季度回访，客户对响应速度满意，希望增加账单明细。"},
				{"COMPLAINT", "客户投诉物联网卡批量停机，核实为实名资料到期，当日恢复。"},
				{"CARE", "合同到期前关怀，介绍续签优惠与融合套餐。"},
			},
		}.fill,
	}
}
